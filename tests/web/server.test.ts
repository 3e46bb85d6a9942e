import { describe, expect, it } from 'vitest';
import { advanceMark } from '../../src/database/high-water-mark.js';
import { signToken } from '../../src/subscribers/tokens.js';
import { letPagesAge, serveWithoutDatabase, useSite } from './site.js';

const site = useSite();

describe('every answer', () => {
  it('forbids whatever could run or be loaded from elsewhere', async () => {
    const { headers } = await site().get('/');
    expect(headers.get('content-security-policy')?.split(';').sort()).toEqual([
      "base-uri 'none'",
      "connect-src 'self'",
      "default-src 'none'",
      "form-action 'self'",
      "frame-ancestors 'none'",
      "img-src 'self' https://huggingface.co https://*.huggingface.co",
      "script-src 'self'",
      "style-src 'self'",
    ]);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('strict-transport-security')).toBe('max-age=31536000');
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('set-cookie')).toBeNull();
  });

  it('uses no style, script or image from elsewhere, and none inline', async () => {
    const html = await (await site().get('/')).text();
    expect(html).not.toMatch(/<style|\sstyle=|<script>|\son\w+=/);
    expect(
      [...html.matchAll(/(?:src|href)="([^"]*)"/g)].filter(([, url]) => !url?.startsWith('/') && !url?.startsWith('#')),
    ).toEqual([]);
  });
});

describe('static files', () => {
  it.each(['/assets/site.css', '/assets/time-zone.js', '/assets/icon.svg'])(
    '%s is served once and then known by its ETag',
    async (path) => {
      const first = await site().get(path);
      expect(first.status).toBe(200);
      const etag = first.headers.get('etag') ?? '';
      // Unless told otherwise, fetch asks for a fresh copy whenever a condition is set by hand.
      const condition = { 'if-none-match': etag, 'cache-control': 'max-age=0' };
      expect((await site().get(path, condition)).status).toBe(304);
    },
  );

  it.each(['/assets/', '/assets/..%2flayout.eta', '/assets/../layout.eta', '/layout.eta'])(
    '%s is not served',
    async (path) => {
      expect((await site().get(path)).status).toBe(404);
    },
  );
});

it('an unknown address gets a page that says so, or JSON', async () => {
  const page = await site().get('/nowhere');
  expect(page.status).toBe(404);
  expect(await page.text()).toContain('Page not found');
  const json = await site().get('/nowhere', { accept: 'application/json' });
  expect(await json.json()).toEqual({ error: 'There is no page at this address.' });
});

describe('health', () => {
  it('is alive and ready', async () => {
    expect(await (await site().get('/healthz')).json()).toEqual({ status: 'ok' });
    const ready = await site().get('/readyz');
    expect(ready.status).toBe(200);
    expect(await ready.json()).toEqual({ status: 'ok', checks: { database: 'ok', queue: 'ok', mail: 'ok' } });
  });

  it('is not ready while no relay takes mail, and tells nobody more than that', async () => {
    site().ctx.expectsLog(/not ready/);
    const { pool } = site().ctx.db;
    await pool.query("insert into mail_outage (since, next_probe_at, reply) values (now(), now(), '535 no')");
    const response = await site().get('/readyz');
    await pool.query('delete from mail_outage');
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({
      status: 'unavailable',
      checks: { database: 'ok', queue: 'ok', mail: 'unavailable' },
    });
  });

  it('row 23: is not ready while no worker can put on record what it was sending, as with a full disk', async () => {
    site().ctx.expectsLog(/not ready/);
    const { pool } = site().ctx.db;
    const claimed = (age: string) =>
      pool.query(
        `insert into digests (id, day, edition_id, planned_at, not_before, abstract_length, status, owner, lease_until)
         values (gen_random_uuid(), '2026-02-04', gen_random_uuid(), now(), now(), 'short', 'sending', 'gone', clock_timestamp() - $1::interval)`,
        [age],
      );
    try {
      await claimed('1 minute');
      expect((await site().get('/readyz')).status).toBe(200);
      await claimed('3 minutes');
      const response = await site().get('/readyz');
      expect(response.status).toBe(503);
      expect(await response.json()).toMatchObject({ checks: { database: 'ok', queue: 'ok', mail: 'unavailable' } });
    } finally {
      await pool.query("delete from digests where owner = 'gone'");
    }
  });

  it('row 27: is not ready where an older copy of the database stands in its place', async () => {
    const { ctx } = site();
    ctx.expectsLog(/not ready/);
    await advanceMark(ctx);
    await ctx.db.pool.query('update high_water_mark set reached = reached - 1');
    const response = await site().get('/readyz');
    await advanceMark(ctx);
    await advanceMark(ctx);
    expect(await response.json()).toMatchObject({ checks: { database: 'ok', queue: 'ok', mail: 'unavailable' } });
    expect((await site().get('/readyz')).status).toBe(200);
  });

  it('finding 17: names what is not usable, and nothing of hosts and ports', async () => {
    site().ctx.expectsLog(/not ready/);
    const { pool } = site().ctx.db;
    await pool.query('alter schema graphile_worker rename to gone');
    const response = await site().get('/readyz');
    await pool.query('alter schema gone rename to graphile_worker');
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({
      status: 'unavailable',
      checks: { database: 'ok', queue: 'unavailable', mail: 'ok' },
    });
  });
});

describe('a query that is wrong', () => {
  it('finding 16: is a fault of ours, and not told as an outage of the database', async () => {
    const { pool } = site().ctx.db;
    site().ctx.expectsLog(/a request failed/);
    await pool.query('alter table listings rename to gone');
    letPagesAge(site().ctx);
    const response = await site().get('/');
    await pool.query('alter table gone rename to listings');
    expect(response.status).toBe(500);
  });
});

describe('without its database', () => {
  it('the site stays up, says so without a word of its insides, and logs the reason without tokens', async () => {
    const { ctx, lines, get, close } = await serveWithoutDatabase('error');
    const token = signToken(ctx.keys, 'preferences', { linkId: '00000000-0000-4000-8000-000000000007', epoch: 0 });
    for (const path of ['/', `/preferences/${token}`]) {
      const response = await get(path);
      const html = await response.text();
      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).toBe('30');
      expect(html).toContain('The database cannot be reached');
      expect(html).not.toMatch(/prisma|select|\bat .*\.ts/i);
    }
    expect(lines).toHaveLength(2);
    expect(lines.join()).not.toContain(token);
    expect((await get('/healthz')).status).toBe(200);
    const ready = await get('/readyz');
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({
      status: 'unavailable',
      checks: { database: 'unavailable' },
    });
    await close();
  });
});
