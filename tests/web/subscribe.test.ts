import { type Challenge, solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/web/pbkdf2';
import { beforeEach, describe, expect, it } from 'vitest';
import { confirmationCode } from '../../src/subscribers/confirmation-code.js';
import { useSite } from './site.js';

const signUpsPerNetwork = 20;
const signUpsPerDomain = 200;

const site = useSite({ TRUST_PROXY: '1' });

beforeEach(async () => {
  const { pool } = site().ctx.db;
  await pool.query('truncate subscribers, confirmation_requests, suppressions, rate_limits cascade');
  await pool.query('delete from graphile_worker._private_jobs');
});

const subscribers = () => site().ctx.db.prisma.subscriber.findMany({ orderBy: { id: 'asc' } });
const mails = async () => (await site().ctx.db.pool.query('select from graphile_worker._private_jobs')).rowCount;
const from = (ip: string) => ({ 'x-forwarded-for': ip });

const choices = () => site().ctx.db.prisma.signUp.findMany();

/** What a stranger sees of an answer. */
async function seen(response: Response) {
  const headers = Object.fromEntries([...response.headers].filter(([name]) => name !== 'date'));
  // Each page has an id of its own, for the code, and the address that was typed into it.
  const body = (await response.text())
    .replace(/(name="request" value=")[^"]+/, '$1…')
    .replaceAll(/[\w-]+@example\.org/g, '…');
  delete headers['etag'];
  delete headers['content-length'];
  return { status: response.status, headers, body };
}

describe('signing up', () => {
  it('takes a form', async () => {
    const response = await site().postForm('/subscribe', {
      email: 'ada@example.org',
      topics: ['agents', 'robotics'],
      timezone: 'Europe/Berlin',
      website: '',
    });
    expect(response.status).toBe(202);
    expect(response.headers.get('set-cookie')).toBeNull();
    expect(await response.text()).toContain('Check your mailbox');
    expect(await subscribers()).toMatchObject([{ email: 'ada@example.org', status: 'pending', topics: [] }]);
    expect(await choices()).toMatchObject([{ topics: ['agents', 'robotics'], timezone: 'Europe/Berlin' }]);
    expect(await mails()).toBe(1);
  });

  it('row 42: takes JSON, and nothing but the address is needed', async () => {
    const response = await site().postJson('/subscribe', { email: "o'brien+tag@Example.org" });
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ status: 'accepted', message: expect.any(String) });
    expect(await subscribers()).toMatchObject([{ email: "o'brien+tag@example.org" }]);
    expect(await choices()).toMatchObject([{ topics: [], timezone: 'UTC' }]);
  });

  it('takes one topic as text, as a form with one box ticked sends it', async () => {
    await site().postForm('/subscribe', { email: 'ada@example.org', topics: 'agents', timezone: '' });
    expect(await choices()).toMatchObject([{ topics: ['agents'], timezone: 'UTC' }]);
  });

  it.each([
    ['of another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['of another site, by a browser that hides it', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
    ['of another site, by an old browser', { origin: 'https://evil.example' }],
  ])('finding 12: is refused from a form %s, which would use the networks of its visitors', async (_form, headers) => {
    const response = await site().postForm('/subscribe', { email: 'ada@example.org' }, headers);
    expect(response.status).toBe(403);
    expect(await response.text()).toContain('Please use the form on this site');
    expect(await subscribers()).toEqual([]);
  });

  it.each([
    ['its own origin', () => ({ origin: new URL(site().url).origin, 'sec-fetch-site': 'same-origin' })],
    ['the public address', () => ({ origin: 'https://papers.example.org' })],
    ['no origin, because pages here tell no referrer', () => ({ origin: 'null', 'sec-fetch-site': 'same-origin' })],
    ['nothing at all', () => ({})],
  ])('is taken from a form with %s', async (_form, headers) => {
    expect((await site().postForm('/subscribe', { email: 'ada@example.org' }, headers())).status).toBe(202);
  });

  it.each([
    ['row 37: two addresses', 'a@ex.com, b@evil.com'],
    ['row 38: an injected header', 'a@ex.com\r\nBcc: x@y'],
    ['row 38: an injected command', 'a@ex.com\r\nRCPT TO:<evil@x>'],
    ['row 39: a quoted local part', '"x@gmail.com y"@internal.domain'],
    ['row 40: a direction override', 'a@ex\u202emoc.com'],
    ['row 40: a zero-width character', 'a@exa\u200bmple.com'],
    ['row 41: no dot in the domain', 'a@localhost'],
    ['row 41: an address literal', 'a@[127.0.0.1]'],
    ['row 41: two dots in a row', 'a..b@example.org'],
  ])('%s is refused beside its field, with what was typed kept', async (_row, email) => {
    const page = await site().postForm('/subscribe', { email, topics: ['robotics'], timezone: 'Asia/Tokyo' });
    const html = await page.text();
    expect(page.status).toBe(422);
    expect(html).toMatch(/<input id="email"[^>]*aria-invalid="true"[^>]*>/);
    expect(html).toMatch(/<p class="error" id="email-error">[A-Z].*\.<\/p>/);
    expect(html).toMatch(/value="robotics" checked/);
    expect(html).toMatch(/value="Asia\/Tokyo" selected/);
    const json = await site().postJson('/subscribe', { email });
    expect(json.status).toBe(422);
    expect(await json.json()).toEqual({ errors: [{ field: 'email', message: expect.stringMatching(/\.$/) }] });
    expect(await subscribers()).toEqual([]);
    expect(await mails()).toBe(0);
  });

  it('row 40: a look-alike of a known domain is kept apart from it', async () => {
    await site().postJson('/subscribe', { email: 'a@gmail.com' });
    await site().postJson('/subscribe', { email: 'a@gm\u0430il.com' });
    expect((await subscribers()).map(({ emailKey }) => emailKey)).toEqual(['a@gmail.com', 'a@xn--gmil-63d.com']);
  });

  it('shows markup that was typed as text', async () => {
    const page = await site().postForm('/subscribe', { email: '"><script>alert(1)</script>' });
    expect(await page.text()).not.toContain('<script>alert');
  });

  it.each([
    ['topics', { topics: ['astrology'] }, '“astrology” is not one of the topics.'],
    [
      'timezone',
      { timezone: 'Mars/Olympus' },
      '“Mars/Olympus” is not a time zone that we know. One is for example Europe/Berlin.',
    ],
  ])('refuses unknown %s', async (field, choice, message) => {
    const response = await site().postJson('/subscribe', { email: 'ada@example.org', ...choice });
    expect(response.status).toBe(422);
    expect(await response.json()).toEqual({ errors: [{ field, message }] });
  });

  it.each([
    ['no body', undefined],
    ['a list', []],
    ['a number for an address', { email: 5 }],
    ['an object for an address', { email: { $ne: null } }],
    ['objects for topics', { email: 'a@example.org', topics: [{}] }],
  ])('refuses %s', async (_what, body) => {
    expect((await site().postJson('/subscribe', body)).status).toBeGreaterThanOrEqual(400);
    expect((await site().postJson('/subscribe', body)).status).toBeLessThan(500);
  });

  it('refuses a body that is not JSON, or too large, without a word of its insides', async () => {
    const broken = await site().postForm('/subscribe', {}, { 'content-type': 'application/json' });
    expect(broken.status).toBe(422);
    const large = await site().postJson('/subscribe', { email: 'a'.repeat(30_000) });
    expect(large.status).toBe(413);
    expect(await large.json()).toEqual({ error: 'The request is too large.' });
  });

  it('does nothing for a program that fills in the hidden field, and tells it nothing', async () => {
    const honest = await seen(await site().postForm('/subscribe', { email: 'ada@example.org' }));
    const robot = await seen(
      await site().postForm('/subscribe', { email: 'bob@example.org', website: 'https://spam.example' }),
    );
    expect(robot).toEqual(honest);
    expect(await subscribers()).toHaveLength(1);
  });
});

describe('what a stranger learns from signing someone up', () => {
  it('is the same for an address that is new, pending, active, unsubscribed, bounced or suppressed', async () => {
    const { prisma } = site().ctx.db;
    const createdAt = site().ctx.time.now;
    const known = ['pending', 'active', 'unsubscribed', 'bounced'] as const;
    for (const status of known) {
      const email = `${status}@example.org`;
      await prisma.subscriber.create({ data: { email, emailKey: email, status, createdAt } });
    }
    const answers = [];
    for (const name of ['new', ...known, 'pending']) {
      answers.push(await seen(await site().postForm('/subscribe', { email: `${name}@example.org` })));
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]?.status).toBe(202);
  });

  it('row 35: fifty times in a minute gives one mail and fifty times the same answer', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, n) =>
        JSON.stringify(
          await seen(await site().postJson('/subscribe', { email: 'ada@example.org' }, from(`203.0.113.${n}`))),
        ),
      ),
    );
    expect(new Set(answers).size).toBe(1);
    expect(JSON.parse(answers[0] ?? '')).toMatchObject({ status: 202 });
    expect(await mails()).toBe(1);
    expect(await subscribers()).toHaveLength(1);
  });
});

describe('too many sign-ups', () => {
  const signUp = (n: number, ip: string) =>
    site().postJson('/subscribe', { email: `person${n}@example.org` }, from(ip));

  it('row 36: from one IPv6 network are refused, however many addresses it has', async () => {
    for (let n = 0; n < signUpsPerNetwork; n++) {
      expect((await signUp(n, `2001:db8:1:2:${n.toString(16)}::${n}`)).status).toBe(202);
    }
    const refused = await signUp(99, '2001:db8:1:2:ffff::1');
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3_000);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(3_600);
    expect(await refused.json()).toMatchObject({
      errors: [{ field: 'email', message: expect.stringContaining('Too many') }],
    });
    expect((await signUp(100, '2001:db8:1:3::1')).status).toBe(202);
    expect(await subscribers()).toHaveLength(signUpsPerNetwork + 1);
  });

  it('row 36: are counted for the address that the proxy saw, whatever a client claims to forward', async () => {
    for (let n = 0; n < signUpsPerNetwork; n++) await signUp(n, `198.51.100.${n}, 203.0.113.1`);
    expect((await signUp(99, '192.0.2.1, 203.0.113.1')).status).toBe(429);
  });

  it('are refused from everywhere past the ceiling, with what was typed kept', async () => {
    await signUp(0, '203.0.113.1');
    await site().ctx.db.pool.query(`update rate_limits set points = $1 where key like 'sign-ups:%'`, [1_000]);
    const refused = await site().postForm('/subscribe', { email: 'ada@example.org' }, from('203.0.113.2'));
    expect(refused.status).toBe(429);
    const page = await refused.text();
    expect(page).toContain('value="ada@example.org"');
    expect(page).toContain('at once, from many places');
  });

  it('for addresses of one domain cost work past its ceiling, whether or not the address is known; of others not', async () => {
    await signUp(0, '203.0.113.1');
    await site().ctx.db.pool.query(`update rate_limits set points = $1 where key like 'sign-up-domain:%'`, [
      signUpsPerDomain,
    ]);
    const known = await signUp(0, '203.0.113.2');
    const unknown = await signUp(1, '203.0.113.3');
    expect([known.status, unknown.status]).toEqual([429, 429]);
    const [one, other] = [await known.json(), await unknown.json()] as { errors: unknown }[];
    expect(one?.errors).toEqual(other?.errors);
    expect(JSON.stringify(one?.errors)).toContain('for addresses of this domain');
    const elsewhere = await site().postJson('/subscribe', { email: 'ada@example.net' }, from('203.0.113.2'));
    expect(elsewhere.status).toBe(202);
  });

  it('finding 7: from a whole /48 are refused, though each /64 has sent few', async () => {
    const statuses = [];
    for (let n = 0; n < 101; n++) statuses.push((await signUp(n, `2001:db8:7:${(n * 300).toString(16)}::1`)).status);
    expect(statuses.filter((status) => status === 202)).toHaveLength(100);
    expect(statuses.at(-1)).toBe(429);
  });

  it('finding 7: shut nobody out: a browser works out the task that it is given, and is taken, once', async () => {
    await signUp(0, '203.0.113.1');
    await site().ctx.db.pool.query(`update rate_limits set points = $1 where key like 'sign-ups:%'`, [1_000]);
    const { challenge } = (await (await signUp(1, '203.0.113.2')).json()) as { challenge: Challenge };
    const solution = await solveChallenge({ challenge, deriveKey });
    const send = (altcha: unknown, email: string) =>
      site().postJson('/subscribe', { email, altcha: Buffer.from(JSON.stringify(altcha)).toString('base64') });
    expect((await send({ challenge, solution: { ...solution, counter: 0 } }, 'a@example.org')).status).toBe(429);
    const easier = { ...challenge, parameters: { ...challenge.parameters, keyPrefix: '0' } };
    expect((await send({ challenge: easier, solution }, 'a@example.org')).status).toBe(429);
    expect((await send({ challenge, solution }, 'a@example.org')).status).toBe(202);
    expect((await send({ challenge, solution }, 'b@example.org')).status).toBe(429);
    expect((await subscribers()).map(({ email }) => email)).toEqual(['person0@example.org', 'a@example.org']);
  });

  it('leave no address of a client in the database', async () => {
    await signUp(0, '203.0.113.77');
    const { rows } = await site().ctx.db.pool.query('select key from rate_limits');
    expect(rows).toHaveLength(3);
    expect(JSON.stringify(rows)).not.toMatch(/203\.0\.113|example/);
  });
});

describe('an address with a likely mistake', () => {
  const offered = async (email: string) => {
    const response = await site().postForm('/subscribe', { email, topics: 'agents' });
    return { status: response.status, page: await response.text() };
  };

  it('is asked about before anything is sent, and nothing that was chosen is lost', async () => {
    const { status, page } = await offered('ada@gmial.com');
    expect(status).toBe(200);
    expect(page).toContain('name="email" value="ada@gmail.com"');
    expect(page).toContain('name="topics" value="agents"');
    expect(await subscribers()).toEqual([]);
    await site().postForm('/subscribe', { email: 'ada@gmail.com', topics: 'agents', sure: 'yes' });
    expect(await subscribers()).toMatchObject([{ email: 'ada@gmail.com' }]);
    expect(await choices()).toMatchObject([{ topics: ['agents'] }]);
  });

  it('is taken by whoever is sure of it, and from JSON', async () => {
    await site().postForm('/subscribe', { email: 'ada@gmial.com', sure: 'yes' });
    expect((await site().postJson('/subscribe', { email: 'bob@gmial.com' })).status).toBe(202);
    expect(await subscribers()).toHaveLength(2);
  });
});

describe('the code in the mail', () => {
  /** Signs up, and returns what the page knows and what the mail says. */
  const signUp = async (email = 'ada@example.org') => {
    const page = await (await site().postForm('/subscribe', { email, topics: 'agents' })).text();
    const request = /name="request" value="([^"]+)"/.exec(page)?.[1] ?? '';
    return { request, email, code: confirmationCode(site().ctx.keys, request) };
  };
  const enter = (fields: Record<string, string>) => site().postForm('/subscribe/code', fields);

  it('confirms on the page that is still open, with or without blanks', async () => {
    const { request, email, code } = await signUp();
    expect(code).toMatch(/^\d{6}$/);
    const response = await enter({ request, email, code: ` ${code.slice(0, 3)} ${code.slice(3)}` });
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.text()).toContain('You are subscribed');
    expect(await subscribers()).toMatchObject([{ status: 'active', topics: ['agents'] }]);
  });

  it('is of no use with another page, and wrong the page says so and keeps what it knows', async () => {
    const first = await signUp();
    const { code } = await signUp('bob@example.org');
    const refused = await enter({ request: first.request, email: first.email, code });
    expect(refused.status).toBe(422);
    const page = await refused.text();
    expect(page).toContain('This is not the code');
    expect(page).toContain(`value="${first.request}"`);
    expect((await subscribers()).map(({ status }) => status)).toEqual(['pending', 'pending']);
  });

  it('has five tries a page', async () => {
    const { request, email, code } = await signUp();
    for (let i = 0; i < 5; i++) await enter({ request, email, code: 'x' });
    const late = await enter({ request, email, code });
    expect(late.status).toBe(422);
    expect(await late.text()).toContain('too many tries');
    expect(await subscribers()).toMatchObject([{ status: 'pending' }]);
  });

  it('works for an hour', async () => {
    const { request, email, code } = await signUp();
    const { time } = site().ctx;
    const before = time.now;
    time.now = new Date(before.getTime() + 3_600_000);
    expect((await enter({ request, email, code })).status).toBe(422);
    time.now = before;
    expect((await enter({ request, email, code })).status).toBe(200);
  });

  it('tells nothing of an address that is subscribed already: its page looks the same, and no code fits', async () => {
    await site().ctx.db.prisma.subscriber.create({
      data: { email: 'ada@example.org', emailKey: 'ada@example.org', status: 'active', createdAt: site().ctx.time.now },
    });
    const { request, email, code } = await signUp();
    const refused = await enter({ request, email, code });
    expect(await refused.text()).toContain('This is not the code');
  });

  it('with nonsense beside it is answered like a link that does not work', async () => {
    for (const request of ['', 'x', "'; drop"]) {
      const { status } = await enter({ request, email: 'ada@example.org', code: '123456' });
      expect(status).toBe(404);
    }
  });
});
