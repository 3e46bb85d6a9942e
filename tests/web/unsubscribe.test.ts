import { request } from 'node:http';
import { beforeEach, describe, expect, it } from 'vitest';
import { subscriberLinks } from '../../src/subscribers/links.js';
import { makeSubscriber } from '../helpers/rows.js';
import { pathOf, useSite } from './site.js';

const site = useSite();

beforeEach(() => site().ctx.db.pool.query('truncate subscribers cascade'));

const subscriber = (given: Parameters<typeof makeSubscriber>[1] = {}) =>
  makeSubscriber(site().ctx.db.prisma, { confirmedAt: new Date('2026-01-02T00:00:00Z'), ...given });
const linkOf = async (given: Parameters<typeof makeSubscriber>[1] = {}) =>
  pathOf(subscriberLinks(site().ctx, await subscriber(given)).unsubscribe);
const stored = () => site().ctx.db.prisma.subscriber.findFirstOrThrow();
const undoIn = (html: string) => /action="(\/unsubscribe\/[\w-]+\/undo)"/.exec(html)?.[1] ?? '';
const oneClick = { 'List-Unsubscribe': 'One-Click' };

/** Sends bytes as they are: no user agent, no cookies, nothing that a browser would add. */
function bare(
  url: string,
  contentType: string,
  body: string,
): Promise<{ status: number; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': contentType, 'content-length': Buffer.byteLength(body) };
    request(url, { method: 'POST', headers }, (response) => {
      response.resume().on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers }));
    })
      .on('error', reject)
      .end(body);
  });
}

describe('unsubscribing', () => {
  it.each(['GET', 'HEAD'])('row 30: by %s shows a page and changes nothing', async (method) => {
    const response = await fetch(new URL(await linkOf(), site().url), { method, headers: { purpose: 'prefetch' } });
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await stored()).toMatchObject({ status: 'active' });
  });

  it('happens at once when the button is pressed, and can be taken back', async () => {
    const path = await linkOf();
    const html = await (await site().postForm(path, {})).text();
    expect(html).toContain('You are unsubscribed');
    expect(await stored()).toMatchObject({ status: 'unsubscribed', unsubscribedAt: site().ctx.time.now });
    const undo = undoIn(html);
    const back = await site().postForm(undo, {});
    expect(back.status).toBe(200);
    expect(await back.text()).not.toMatch(/\/preferences\/|example\.com/);
    expect(await stored()).toMatchObject({ status: 'active', unsubscribedAt: null });
  });

  it('finding 1: an old link restarts no mail, and leads to nothing else', async () => {
    const path = await linkOf();
    await site().ctx.db.prisma.subscriber.updateMany({
      data: { status: 'unsubscribed', unsubscribedAt: new Date('2023-01-01T00:00:00Z'), tokenEpoch: 7 },
    });
    for (const page of [await site().get(path), await site().postForm(path, {})])
      expect(await page.text()).not.toMatch(/\/undo|\/preferences\//);
    expect((await site().postForm(`${path}/undo`, {})).status).toBe(404);
    expect(await stored()).toMatchObject({ status: 'unsubscribed' });
  });

  it('can be taken back for an hour', async () => {
    const { time } = site().ctx;
    const now = time.now;
    const undo = undoIn(await (await site().postForm(await linkOf(), {})).text());
    time.now = new Date(now.getTime() + 3_600_000);
    expect((await site().postForm(undo, {})).status).toBe(409);
    time.now = now;
    expect(await stored()).toMatchObject({ status: 'unsubscribed' });
  });

  it.each([
    ['urlencoded', 'application/x-www-form-urlencoded', 'List-Unsubscribe=One-Click'],
    [
      'multipart',
      'multipart/form-data; boundary=x',
      '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n',
    ],
    ['a malformed', 'multipart/form-data', 'List-Unsubscribe=One-Click'],
    ['an oversized', 'application/x-www-form-urlencoded', `List-Unsubscribe=One-Click&x=${'y'.repeat(200_000)}`],
  ])('row 31: by one click takes %s body, without redirect and cookie (RFC 8058)', async (_what, type, body) => {
    const { status, headers } = await bare(new URL(await linkOf(), site().url).href, type, body);
    expect(status).toBe(200);
    expect(headers).not.toHaveProperty('location');
    expect(headers).not.toHaveProperty('set-cookie');
    expect(await stored()).toMatchObject({ status: 'unsubscribed' });
  });

  it('row 32: by one click at the address with a slash at its end is no redirect either', async () => {
    const response = await site().postForm(`${await linkOf()}/`, oneClick);
    expect(response.status).toBe(200);
    expect(await stored()).toMatchObject({ status: 'unsubscribed' });
  });

  it('row 29: a thousand times at once answers 200 each time and is one event', async () => {
    const path = await linkOf();
    const { time } = site().ctx;
    await site().postForm(path, oneClick);
    const first = time.now;
    time.now = new Date(first.getTime() + 60_000);
    const statuses = new Set<number>();
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        for (let n = 0; n < 50; n++) {
          const response = await site().postForm(path, oneClick);
          statuses.add(response.status);
          await response.arrayBuffer();
        }
      }),
    );
    expect([...statuses]).toEqual([200]);
    expect(await stored()).toMatchObject({ status: 'unsubscribed', unsubscribedAt: first });
  });

  it('works for links of any age, whatever was revoked since', async () => {
    const path = await linkOf();
    await site().ctx.db.prisma.subscriber.updateMany({ data: { tokenEpoch: 3 } });
    expect((await site().postForm(path, oneClick)).status).toBe(200);
    expect(await stored()).toMatchObject({ status: 'unsubscribed' });
  });

  it('cannot be undone by someone who never confirmed', async () => {
    const path = await linkOf({ status: 'pending', confirmedAt: null });
    const html = await (await site().postForm(path, {})).text();
    expect(html).not.toContain('/undo');
    expect((await site().postForm(`${path}/undo`, {})).status).toBe(404);
    expect(await stored()).toMatchObject({ status: 'unsubscribed' });
  });

  it('undone by GET changes nothing', async () => {
    const path = await linkOf({ status: 'unsubscribed' });
    expect((await site().get(`${path}/undo`)).status).toBe(404);
    expect(await stored()).toMatchObject({ status: 'unsubscribed' });
  });
});
