import { beforeEach, describe, expect, it } from 'vitest';
import { planWelcome } from '../../src/digests/plan.js';
import type { Prisma } from '../../src/generated/prisma/client.js';
import { hasNoBrowser, keepPicture, useBrowser, violationsOf } from '../helpers/browser.js';
import { makePaper, makeSubscriber } from '../helpers/rows.js';
import { useSite } from './site.js';

const password = 'correct: hörse battery';
const site = useSite({ ADMIN_PASSWORD: password, BASE_URL: 'https://papers.example.org' });
const closed = useSite();
const db = () => site().ctx.db.prisma;
const login = (given = password, user = 'ada') => ({
  authorization: `Basic ${Buffer.from(`${user}:${given}`).toString('base64')}`,
});
const read = async (path: string) => {
  const response = await site().get(path, login());
  expect(response.status).toBe(200);
  return response.text();
};
/** What a page says, without its markup. */
const said = (html: string) => html.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');

/** Plans a digest for somebody new. @returns its id */
async function makeDigest(email: string, given: Prisma.DigestUpdateInput = {}): Promise<string> {
  const { id } = await makeSubscriber(db(), { email, emailKey: email, topics: ['agents'] });
  await db().$transaction((tx) => planWelcome(tx, site().ctx.clock(), id));
  const digest = await db().digest.findFirstOrThrow({ where: { subscriberId: id } });
  await db().digest.update({ where: { id: digest.id }, data: given });
  return digest.id;
}
const statusOf = async (id: string) => (await db().digest.findUniqueOrThrow({ where: { id } })).status;

beforeEach(async () => {
  await site().ctx.db.pool.query(
    `truncate subscribers, cursor_exceptions, suppressions, digests, editions, papers, source_days, plans, mail_outage, domain_pauses,
      rate_limits restart identity cascade`,
  );
  await makePaper(db(), '2026-02-03', { topics: ['agents'] });
});

const pages = ['/admin', '/admin/digests', '/admin/subscribers', '/admin/suppressions'];

describe('without ADMIN_PASSWORD', () => {
  it.each(pages)('%s is not found, whatever is said', async (path) => {
    expect((await closed().get(path)).status).toBe(404);
    expect((await closed().get(path, login(''))).status).toBe(404);
    expect((await closed().postForm(path, {}, login('undefined'))).status).toBe(404);
  });
});

describe('the password', () => {
  beforeEach(() => site().ctx.expectsLog(/a wrong password was given/));

  it.each([
    ...pages,
    '/admin/',
    '/ADMIN',
    '/admin/nowhere',
    '/%61dmin',
    '//admin',
    '/admin/../admin',
    '/admin;a',
    '/admin?a=b',
  ])('is asked for at %s', async (path) => {
    for (const headers of [{}, login('wrong one'), { authorization: 'Bearer x' }]) {
      const response = await site().get(path, headers as Record<string, string>);
      expect([401, 404]).toContain(response.status);
      expect(await response.text()).not.toContain('Suppressions');
    }
  });

  it('is asked for by Basic authentication, and whoever knows it is let in under any name', async () => {
    const refused = await site().get('/admin');
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toBe('Basic realm="Offprint", charset="UTF-8"');
    for (const user of ['ada', '', 'admin'])
      expect((await site().get('/admin', login(password, user))).status).toBe(200);
  });

  it.each(['', 'correct', `${password} `, password.toUpperCase(), 'hörse battery'])('is not “%s”', async (wrong) => {
    expect((await site().get('/admin', login(wrong))).status).toBe(401);
    expect((await site().postForm('/admin/digests', {}, login(wrong))).status).toBe(401);
  });

  it('may be said wrongly ten times an hour; right ones do not count', async () => {
    for (let i = 0; i < 12; i++) expect((await site().get('/admin', login())).status).toBe(200);
    for (let i = 0; i < 10; i++) expect((await site().get('/admin', login('wrong one'))).status).toBe(401);
    const refused = await site().get('/admin', login());
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3_500);
    // Without one nothing is tried.
    expect((await site().get('/admin')).status).toBe(401);
  });

  it('is not guessed faster by many at once', async () => {
    const tries = await Promise.all(Array.from({ length: 30 }, () => site().get('/admin', login('wrong one'))));
    expect(tries.filter(({ status }) => status === 401)).toHaveLength(10);
    expect(tries.filter(({ status }) => status === 429)).toHaveLength(20);
  });

  it('opens pages that no cache keeps and no search engine lists, in English for whoever asks', async () => {
    const response = await site().get('/admin', { ...login(), 'accept-language': 'de' });
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('x-robots-tag')).toContain('noindex');
    expect(response.headers.get('content-language')).toBe('en');
    expect(await response.text()).toContain('<html lang="en">');
  });
});

describe('a form', () => {
  const browserSays: [name: string, headers: Record<string, string>, taken: boolean][] = [
    ['one of these pages', { origin: 'https://papers.example.org', 'sec-fetch-site': 'same-origin' }, true],
    ['one of these pages, from an older browser', { origin: 'https://papers.example.org' }, true],
    ['no browser', {}, true],
    ['another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, false],
    ['another site, from an older browser', { origin: 'https://evil.example' }, false],
    ['another site that hides its origin', { origin: 'null' }, false],
    ['a neighbour', { origin: 'https://www.example.org', 'sec-fetch-site': 'same-site' }, false],
  ];
  it.each(browserSays)('of %s', async (_name, headers, taken) => {
    const id = await makeDigest('ada@example.org', { status: 'failed' });
    const response = await site().postForm('/admin/digests', { id }, { ...login(), ...headers });
    expect(response.status).toBe(taken ? 200 : 403);
    expect(await statusOf(id)).toBe(taken ? 'queued' : 'failed');
  });
});

describe('the overview', () => {
  it('tells what stats tells', async () => {
    await makeDigest('ada@example.org', { status: 'failed' });
    await makeDigest('bob@example.org', { status: 'in_doubt' });
    await makeSubscriber(db(), { status: 'bounced' });
    const text = said(await read('/admin'));
    expect(text).toContain('2 active');
    expect(text).toContain('1 bounced');
    expect(text).toContain('1 failed');
    expect(text).toContain('1 in doubt');
    expect(text).toContain('1 in all; the newest list is of 2026-02-03');
  });

  it('has the last week of the plan, and each source', async () => {
    const plannedAt = site().ctx.clock();
    const plan = { plannedAt, day: new Date('2026-02-04'), due: 1_000, planned: 700, noMatch: 300 };
    await db().plan.createMany({
      data: [plan, { ...plan, due: 234, planned: 200, noMatch: 34 }, { ...plan, day: new Date('2026-01-20') }],
    });
    const text = said(await read('/admin'));
    expect(text).toContain('2026-02-04 1,234 900 334');
    expect(text).not.toContain('2026-01-20');
    expect(text).toContain('huggingface 2026-02-03 2026-02-04 01:00');
    expect(text).not.toContain('could not be read');
  });

  it('tells that no relay takes mail, that a source fails, and who asked for less', async () => {
    await site().ctx.db.pool.query(`
      insert into mail_outage (since, next_probe_at, reply) values ('2026-02-04T08:00Z', '2026-02-04T08:05Z', '421 <later>');
      insert into source_days (source, day, failed_at, error) values ('arxiv:cs.CL', '2026-02-04', now(), 'it answered 503');
      insert into source_days (source, day, failed_at, error)
        values ('huggingface', '2026-02-04', '2026-02-04T00:30Z', 'a failure of which it has recovered')`);
    const until = new Date(site().ctx.clock().getTime() + 60_000);
    await db().domainPause.create({ data: { domain: 'gmail.com', until, seconds: 60, reply: '421 4.7.28 too fast' } });
    const text = said(await read('/admin'));
    expect(text).toContain('No relay has taken mail since 2026-02-04 08:00 UTC; the next try is at 2026-02-04 08:05');
    expect(text).toContain('421 &lt;later&gt;');
    expect(text).toContain('arxiv:cs.CL could not be read: it answered 503');
    expect(text).not.toContain('recovered');
    expect(text).toContain('421 4.7.28 too fast');
  });
});

describe('the digests', () => {
  it('are those that wait, failed or are in doubt, with the reply of the server, or those of a status', async () => {
    await makeDigest('ada@example.org', { status: 'failed', lastReply: '554 5.6.0 <b>not today</b>' });
    await makeDigest('bob@example.org', { status: 'sent' });
    const page = await read('/admin/digests');
    expect(page).toContain('ada@example.org');
    expect(page).toContain('554 5.6.0 &lt;b&gt;not today&lt;/b&gt;');
    expect(page).not.toContain('bob@example.org');
    const sent = await read('/admin/digests?status=sent');
    expect(sent).toContain('bob@example.org');
    expect(sent).not.toContain('ada@example.org');
    // An unknown status is none.
    expect(await read('/admin/digests?status=lost&status=sent')).toContain('ada@example.org');
  });

  it('that are chosen are queued again, and those that cannot be are named with the reason', async () => {
    const [failed, doubtful, sent, other] = [
      await makeDigest('a@example.org', { status: 'failed' }),
      await makeDigest('b@example.org', { status: 'in_doubt' }),
      await makeDigest('c@example.org', { status: 'sent' }),
      await makeDigest('d@example.org', { status: 'failed' }),
    ];
    const response = await site().postForm('/admin/digests', { id: [failed, doubtful, sent] }, login());
    const text = said(await response.text());
    expect(text).toContain('2 queued again.');
    expect(text).toContain(`${sent} : it is sent`);
    expect(await Promise.all([failed, doubtful, sent, other].map(statusOf))).toEqual([
      'queued',
      'queued',
      'sent',
      'failed',
    ]);
  });

  it.each([{}, { id: 'nonsense' }, { id: ['1', "'; drop table digests"] }])(
    'that are not named right change nothing: %o',
    async (form) => {
      const id = await makeDigest('ada@example.org', { status: 'failed' });
      const response = await site().postForm('/admin/digests', form as Record<string, string>, login());
      expect(said(await response.text())).toContain('No digest was chosen.');
      expect(await statusOf(id)).toBe('failed');
    },
  );
});

describe('a subscriber', () => {
  it('is looked up by their address, which stands in no path', async () => {
    await makeDigest('ada@example.org', { status: 'failed', attempts: 2, lastReply: '554 5.6.0 <b>not today</b>' });
    const response = await site().postForm('/admin/subscribers', { email: ' ADA@example.org ' }, login());
    expect(response.status).toBe(200);
    const page = await response.text();
    expect(said(page)).toContain('ada@example.org Status active Signed up 2026-01-01');
    expect(said(page)).toContain('Topics agents');
    expect(said(page)).toContain('2026-02-04: failed 1 paper · planned');
    expect(page).toContain('554 5.6.0 &lt;b&gt;not today&lt;/b&gt;');
    expect(said(await read('/admin/subscribers?email=ada@example.org'))).not.toContain('Signed up');
  });

  it.each([
    ['bob@example.org', 'There is no subscriber with this address'],
    ['nonsense', '“nonsense” is not an e-mail address. The address must have one @ sign'],
    ['', 'is not an e-mail address. Please enter'],
  ])('is not found by “%s”', async (email, reason) => {
    const response = await site().postForm('/admin/subscribers', { email }, login());
    expect(response.status).toBe(422);
    expect(said(await response.text())).toContain(reason);
  });
});

describe('the suppressions', () => {
  it('are the addresses that are never mailed, and why', async () => {
    await makeSubscriber(db(), { email: 'ada@example.org', emailKey: 'ada@example.org', status: 'bounced' });
    expect(said(await read('/admin/suppressions'))).toContain('ada@example.org bounced');
  });

  it('let one go that bounced, on the operator’s word', async () => {
    await makeSubscriber(db(), {
      email: 'ada@example.org',
      emailKey: 'ada@example.org',
      status: 'bounced',
      confirmedAt: site().ctx.clock(),
    });
    const response = await site().postForm('/admin/suppressions', { email: ' Ada@example.org ' }, login());
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('digests come again');
    expect(await db().subscriber.findFirst()).toMatchObject({ status: 'active' });
  });

  it('say what is wrong, and keep what was typed', async () => {
    await makeSubscriber(db(), { email: 'ada@example.org', emailKey: 'ada@example.org', status: 'unsubscribed' });
    for (const [email, reason] of [
      ['ada@example.org', 'They unsubscribed: only they can come back'],
      ['bob@example.org', 'This address is not suppressed'],
      ['<nonsense>', 'is not an e-mail address'],
      ['', 'is not an e-mail address'],
    ] as const) {
      const response = await site().postForm('/admin/suppressions', { email }, login());
      expect(response.status).toBe(422);
      const page = await response.text();
      expect(page).toContain(reason);
      expect(page).toContain(`value="${email.replace('<', '&lt;').replace('>', '&gt;')}"`);
    }
    expect(await db().subscriber.findFirst()).toMatchObject({ status: 'unsubscribed' });
  });
});

describe.skipIf(hasNoBrowser)('in a browser', () => {
  const browser = useBrowser();
  const httpCredentials = { username: 'ada', password };

  it.each([
    ['light', 1_000],
    ['dark', 320],
  ] as const)('every page can be read by everybody and fits, with %s colours at %i px', async (colorScheme, width) => {
    const reply =
      '451 4.7.1 <ada@example.org>: greylisted, see https://postmaster.example.org/greylisting-explained-in-full';
    const long = 'ada.lovelace.of.the.analytical.engine@department-of-mathematics.example.org';
    await makeDigest(long, { lastReply: reply });
    await makeDigest('bob@example.org', { status: 'failed', lastReply: '554 5.6.0 not today' });
    await makeSubscriber(db(), { status: 'bounced' });
    const plannedAt = site().ctx.clock();
    await db().plan.create({
      data: { plannedAt, day: new Date('2026-02-04'), due: 1_000_000, planned: 700_000, noMatch: 300_000 },
    });
    const until = new Date(plannedAt.getTime() + 60_000);
    await db().domainPause.create({ data: { domain: 'gmail.com', until, seconds: 60, reply } });
    await db().mailOutage.create({ data: { since: plannedAt, nextProbeAt: until, reply: '421 later' } });
    const viewport = { width, height: 800 };
    const context = await browser().newContext({ colorScheme, viewport, bypassCSP: true, httpCredentials });
    const page = await context.newPage();
    const look = async (name: string) => {
      expect(await violationsOf(page), name).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth'), name).toBeLessThanOrEqual(width);
      await keepPicture(page, `page ${name.replaceAll('/', ' ')} ${colorScheme} ${width}`);
    };
    for (const path of pages) {
      await page.goto(new URL(path, site().url).href);
      await look(path);
    }
    await page.goto(new URL('/admin/subscribers', site().url).href);
    await page.getByLabel('Look up an address').fill(long);
    await page.getByRole('button', { name: 'Look up' }).click();
    await look('/admin/subscribers found');
    await context.close();
  });

  it('an operator sends a digest again, and takes an address back', async () => {
    const id = await makeDigest('ada@example.org', { status: 'failed' });
    await makeSubscriber(db(), {
      email: 'bob@example.org',
      emailKey: 'bob@example.org',
      status: 'complained',
      confirmedAt: site().ctx.clock(),
    });
    const context = await browser().newContext({ httpCredentials, javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(new URL('/admin', site().url).href);
    await page.getByRole('link', { name: '1 failed' }).click();
    await page.getByLabel('ada@example.org').check();
    await page.getByRole('button', { name: 'Send the chosen again' }).click();
    await page.getByText('1 queued again.').waitFor();
    expect(await statusOf(id)).toBe('queued');
    await page.getByRole('link', { name: 'Suppressions' }).click();
    await page.getByLabel('Release an address').fill('bob@example.org');
    await page.getByRole('button', { name: 'Release' }).click();
    await page.getByText('bob@example.org is released: digests come again.').waitFor();
    await context.close();
  });
});
