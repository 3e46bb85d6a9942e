import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planWelcome } from '../../src/digests/plan.js';
import {
  confirmationLink,
  dataLinks,
  digestLink,
  feedbackLink,
  historyLinks,
  subscriberLinks,
} from '../../src/subscribers/links.js';
import { makePaper, makeSubscriber } from '../helpers/rows.js';
import { pathOf, useSite } from './site.js';

/** So many inputs for each property; FUZZ_RUNS=100000 for the long run. */
const numRuns = Number(process.env['FUZZ_RUNS'] ?? 300);
/** In milliseconds; the short form shares its machine with other tests. */
const slowest = process.env['FUZZ_RUNS'] ? 1_000 : 5_000;

const site = useSite({ SIGN_UPS_PER_HOUR: '1000000', SIGN_UPS_PER_DOMAIN: '1000000' });
/** A path with a token that works, by what it is for. */
let links: Record<
  'confirm' | 'preferences' | 'unsubscribe' | 'digests' | 'data' | 'address' | 'feedback' | 'history' | 'feed',
  string
>;

beforeAll(async () => {
  const { ctx } = site();
  const { prisma } = ctx.db;
  await makePaper(prisma, '2026-02-03', { title: 'A paper', topics: ['agents'], authors: ['Ada Lovelace'] });
  const subscriber = await makeSubscriber(prisma, { topics: ['agents'], confirmedAt: ctx.clock() });
  await prisma.$transaction((tx) => planWelcome(tx, ctx.clock(), subscriber.id));
  const { id } = await prisma.digest.findFirstOrThrow();
  const { preferences, unsubscribe } = subscriberLinks(ctx, subscriber);
  links = {
    confirm: pathOf(confirmationLink(ctx, subscriber, id)),
    preferences: pathOf(preferences),
    unsubscribe: pathOf(unsubscribe),
    digests: pathOf(digestLink(ctx, subscriber, id)),
    data: pathOf(dataLinks(ctx, subscriber).export),
    address: pathOf(dataLinks(ctx, subscriber).address),
    feedback: pathOf(feedbackLink(ctx, subscriber, id)),
    history: pathOf(historyLinks(ctx, subscriber).history),
    feed: pathOf(historyLinks(ctx, subscriber).feed),
  };
});
afterAll(() => site().ctx.db.pool.query('truncate subscribers, papers, source_days, digests, editions cascade'));

const nasty = fc.constantFrom(
  '',
  ' ',
  '\0',
  '\r\n',
  '%',
  '%00',
  '%2e%2e%2f',
  '../../etc/passwd',
  '<script>alert(1)</script>',
  '"onload="x',
  "'; drop table papers; --",
  '{{7*7}}',
  '<%= 1 %>',
  '__proto__',
  'constructor',
  '[object Object]',
  '-'.repeat(199),
  '('.repeat(500),
  '"',
  '🤖',
  '\u202e',
  '\ud800',
  'x'.repeat(5_000),
  '9'.repeat(400),
  '-1',
  '1e999',
  'NaN',
  '2026-02-31',
  '0000-00-00',
  'null',
  '[]',
  '{}',
);
const text = fc.oneof(nasty, fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }));
const json = fc.oneof(text, fc.jsonValue({ maxDepth: 4 }), fc.constant({ __proto__: { admin: true } }));

/** What is stored, in short: nothing of it may change. */
async function stored() {
  const { rows } = await site().ctx.db.pool.query(
    `select (select json_agg(s order by id) from subscribers s) as subscribers, (select json_agg(d) from digests d) as digests,
       (select count(*) from papers) as papers, (select count(*) from sign_ups) as sign_ups,
       (select count(*) from votes) as votes, (select count(*) from address_changes) as address_changes`,
  );
  return JSON.stringify(rows);
}

/** Sends a request as it is; the answer must come soon and be no failure of ours. */
async function isHandled(path: string, init: RequestInit = {}): Promise<void> {
  const started = performance.now();
  const response = await fetch(new URL(path, site().url), { redirect: 'manual', ...init });
  await response.arrayBuffer();
  expect(response.status, `${init.method ?? 'GET'} ${path}`).toBeLessThan(500);
  expect(performance.now() - started).toBeLessThan(slowest);
}

/** Half a character goes in no request. */
const wellFormed = (value: string) => Buffer.from(value).toString();
const inPath = (value: string) => encodeURIComponent(wellFormed(value));
const formOf = (fields: [string, string][]) =>
  new URLSearchParams(fields.map(([name, value]) => [name, wellFormed(value)] as [string, string]));

describe('whatever is sent', () => {
  it('in a query', { timeout: 600_000 }, async () => {
    const name = fc.oneof(
      fc.constantFrom('date', 'topic', 'q', 'sort', 'saved', 'topics', 'add', 'before', 'paper', 'vote'),
      text,
    );
    const { preferences, history, feedback, feed } = links;
    const before = await stored();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('/', '/papers', '/sample', '/feed.xml', '/healthz', preferences, history, feedback, feed),
        fc.array(fc.tuple(name, text), { maxLength: 4 }),
        async (path, fields) => {
          await isHandled(`${path}?${formOf(fields)}`);
        },
      ),
      { numRuns },
    );
    expect(await stored()).toBe(before);
  });

  it('as a token, by any method, to any route', { timeout: 600_000 }, async () => {
    const route = fc.constantFrom(
      '/confirm/:',
      '/confirm/:/again',
      '/preferences/:',
      '/preferences/:/export',
      '/preferences/:/erase',
      '/preferences/:/data',
      '/preferences/:/revoke',
      '/preferences/:/address',
      '/preferences/:/pause',
      '/preferences/:/topics',
      '/preferences/:/votes',
      '/address/:',
      '/feedback/:',
      '/history/:',
      '/feed/:',
      '/topics/:/feed.xml',
      '/unsubscribe/:',
      '/unsubscribe/:/undo',
      '/digests/:',
      '/webhooks/:',
      '/assets/:',
      '/:',
    );
    const token = fc.oneof(text, fc.base64String());
    const before = await stored();
    await fc.assert(
      fc.asyncProperty(
        route,
        token,
        fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'),
        async (path, value, method) => {
          await isHandled(path.replace(':', inPath(value)), { method });
        },
      ),
      { numRuns },
    );
    expect(await stored()).toBe(before);
  });

  it('as a form or JSON to sign up', { timeout: 600_000 }, async () => {
    const field = fc.constantFrom('email', 'topics', 'timezone', 'language', 'website', 'altcha', 'sure', '__proto__');
    const address = fc.oneof(
      text,
      text.map((local) => `${local}@example.org`),
    );
    const before = await stored();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(field, text), { maxLength: 6 }),
        fc.dictionary(field, json),
        address,
        async (form, body, email) => {
          await isHandled('/subscribe', { method: 'POST', body: formOf([...form, ['topics', 'no-such-topic']]) });
          const bytes = JSON.stringify({ ...body, email, topics: ['no-such-topic'] });
          await isHandled('/subscribe', {
            method: 'POST',
            body: bytes,
            headers: { 'content-type': 'application/json' },
          });
        },
      ),
      { numRuns: Math.ceil(numRuns / 2) },
    );
    expect(await stored()).toBe(before);
  });

  it('as preferences that are refused', { timeout: 600_000 }, async () => {
    const names = [
      'topics',
      'phrases',
      'mutedPhrases',
      'authors',
      'categories',
      'timezone',
      'hour',
      'frequency',
      'papersPerDigest',
      'abstractLength',
      'pausedUntil',
      'pictures',
      'leastPapers',
      'weekDay',
      'language',
    ];
    const field = fc.constantFrom(...names);
    const before = await stored();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(field, text), { maxLength: 8 }),
        fc.dictionary(field, json),
        async (form, body) => {
          // Whatever else there is, this makes it wrong.
          await isHandled(links.preferences, { method: 'POST', body: formOf([...form, ['topics', 'no-such-topic']]) });
          const bytes = JSON.stringify({ ...body, topics: ['no-such-topic'] });
          await isHandled(links.preferences, {
            method: 'POST',
            body: bytes,
            headers: { 'content-type': 'application/json' },
          });
        },
      ),
      { numRuns: Math.ceil(numRuns / 2) },
    );
    expect(await stored()).toBe(before);
  });

  it('as preferences, is stored as what it is, or refused', { timeout: 600_000 }, async () => {
    const interests = fc.record({
      phrases: fc.array(text, { maxLength: 3 }),
      mutedPhrases: fc.array(text, { maxLength: 3 }),
      authors: fc.array(text, { maxLength: 3 }),
      categories: fc.array(text, { maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(interests, async (body) => {
        const bytes = JSON.stringify(body);
        await isHandled(links.preferences, {
          method: 'POST',
          body: bytes,
          headers: { 'content-type': 'application/json' },
        });
        await isHandled(links.preferences);
      }),
      { numRuns: Math.ceil(numRuns / 2) },
    );
  });

  it('as the languages that a browser likes, or the one that it remembers', { timeout: 600_000 }, async () => {
    const tag = fc.oneof(
      fc.constantFrom('de', 'en', '*', 'de-AT', 'q=0.5', ';q=', 'language=de', 'language=%', '__proto__'),
      text,
    );
    // What a header may hold: no line ends, and bytes alone.
    const header = fc
      .array(tag, { maxLength: 20 })
      .map((tags) => tags.join(',').replaceAll(/[^\t\x20-\x7e\xa0-\xff]/g, ''));
    await fc.assert(
      fc.asyncProperty(header, header, (languages, cookie) =>
        isHandled('/privacy', { headers: { 'accept-language': languages.trim(), cookie: cookie.trim() } }),
      ),
      { numRuns },
    );
  });

  it('as a code, a vote, a topic to add, an address or a lost link', { timeout: 600_000 }, async () => {
    const field = fc.constantFrom(
      'request',
      'code',
      'email',
      'paper',
      'vote',
      'vote-1',
      'vote-2',
      'add',
      'until',
      'language',
      'back',
      '__proto__',
    );
    const { address, feedback, preferences } = links;
    const path = fc.constantFrom(
      '/subscribe/code',
      '/lost-link',
      '/language',
      address,
      feedback,
      `${preferences}/topics`,
      `${preferences}/votes`,
    );
    const before = await stored();
    await fc.assert(
      fc.asyncProperty(
        path,
        fc.array(fc.tuple(field, text), { maxLength: 5 }),
        fc.dictionary(field, json),
        async (to, form, body) => {
          await isHandled(to, { method: 'POST', body: formOf(form) });
          const headers = { 'content-type': 'application/json' };
          await isHandled(to, { method: 'POST', body: JSON.stringify(body), headers });
        },
      ),
      { numRuns: Math.ceil(numRuns / 2) },
    );
    expect(await stored()).toBe(before);
  });

  it('as a body in a type that is not what it says', { timeout: 600_000 }, async () => {
    const type = fc.constantFrom(
      'application/json',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'text/plain',
      'application/xml',
      '*/*',
    );
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 500 }),
      text.map((value) => new TextEncoder().encode(value)),
    );
    const path = fc.constantFrom(
      '/subscribe',
      '/webhooks/ses',
      '/webhooks/postmark',
      '/webhooks/sendgrid',
      '/webhooks/mailgun',
    );
    const before = await stored();
    await fc.assert(
      fc.asyncProperty(path, type, bytes, async (to, contentType, body) => {
        await isHandled(to, { method: 'POST', body: Buffer.from(body), headers: { 'content-type': contentType } });
      }),
      { numRuns },
    );
    expect(await stored()).toBe(before);
  });

  it('and the links that work go on working', async () => {
    expect((await site().get(links.preferences)).status).toBe(200);
    expect((await site().get(links.data)).status).toBe(200);
    expect((await site().get(links.digests)).status).toBe(200);
    expect((await site().get(links.unsubscribe)).status).toBe(200);
    expect((await site().get(links.confirm)).status).toBe(200);
    for (const path of [links.address, links.feedback, links.history, links.feed])
      expect((await site().get(path)).status).toBe(200);
  });
});
