import { beforeEach, describe, expect, it } from 'vitest';
import { confirmationLink } from '../../src/subscribers/links.js';
import { confirmationLifetime } from '../../src/subscribers/sign-up.js';
import { makePaper, makeSubscriber } from '../helpers/rows.js';
import { pathOf, useSite } from './site.js';

const site = useSite();
const signUpId = '00000000-0000-4000-8000-000000000008';
const start = new Date('2026-02-04T12:00:00Z');

beforeEach(async () => {
  const { ctx } = site();
  ctx.time.now = start;
  await ctx.db.pool.query(
    'truncate subscribers, papers, source_days, digests, confirmation_requests, rate_limits cascade',
  );
  await ctx.db.pool.query('delete from graphile_worker._private_jobs');
});

const pending = (topics: string[] = []) =>
  makeSubscriber(site().ctx.db.prisma, {
    status: 'pending',
    email: 'ada@example.org',
    emailKey: 'ada@example.org',
    createdAt: start,
    signUps: { create: { id: signUpId, topics, timezone: 'Asia/Tokyo', requestedAt: start } },
  });
const linkOf = async (topics: string[] = []) => pathOf(confirmationLink(site().ctx, await pending(topics), signUpId));
const stored = () => site().ctx.db.prisma.subscriber.findFirstOrThrow();

describe('the link of a confirmation mail', () => {
  it('row 30: shows a page with one button, and changes nothing by itself', async () => {
    const path = await linkOf();
    const response = await site().get(path);
    expect(response.status).toBe(200);
    const html = await response.text();
    expect(html.match(/<button/g)).toHaveLength(1);
    expect(html).toContain('a…@example.org');
    expect(html).not.toContain('ada@example.org');
    expect((await fetch(new URL(path, site().url), { method: 'HEAD' })).status).toBe(200);
    expect(await stored()).toMatchObject({ status: 'pending' });
  });

  it('shows what was chosen, and that holds once the button is pressed', async () => {
    const path = await linkOf(['agents', 'robotics']);
    expect(await (await site().get(path)).text()).toContain(
      'AI agents, Robotics and embodied AI, every morning at 8 by the clock of Asia/Tokyo.',
    );
    expect(await stored()).toMatchObject({ topics: [], timezone: 'UTC' });
    await site().postForm(path, {});
    expect(await stored()).toMatchObject({
      topics: ['agents', 'robotics'],
      timezone: 'Asia/Tokyo',
      consentText: expect.stringContaining('AI agents, Robotics and embodied AI, every morning at 8'),
      consentNetworkHash: expect.anything(),
    });
  });

  it('is told to nobody: no referrer, no cache, no search engine, nothing from elsewhere', async () => {
    const { headers } = await site().get(await linkOf());
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-robots-tag')).toContain('noindex');
    expect(headers.get('set-cookie')).toBeNull();
  });

  it('activates when its button is pressed, plans the first digest, and leads on to the preferences', async () => {
    const { ctx } = site();
    await makePaper(ctx.db.prisma, '2026-02-03', { topics: ['agents'] });
    const response = await site().postForm(await linkOf(['agents']), {});
    expect(response.status).toBe(200);
    const html = await response.text();
    expect(html).toContain('Your first digest is below, and on its way');
    expect(html).toMatch(/<span class="number">1\.<\/span> <a class="title"[^>]*>Paper \d+<\/a>/);
    expect(html).toContain('Daily at 08:00, Tokyo · one topic');
    expect(html).toContain('The next comes tomorrow at 08:00, if new papers match.');
    expect(await stored()).toMatchObject({ status: 'active', confirmedAt: start });
    expect(await ctx.db.prisma.digest.findMany()).toMatchObject([{ status: 'queued' }]);
    const [, preferences] = /href="(\/preferences\/[^"]+)"/.exec(html) ?? [];
    expect((await site().get(preferences ?? '')).status).toBe(200);
  });

  it('says so when nothing matches yet', async () => {
    const response = await site().postForm(await linkOf(['agents']), {});
    expect(await response.text()).toContain('Nothing in the newest papers matches');
    expect(await stored()).toMatchObject({ status: 'active' });
  });

  it('pressed twice, also at once, activates once and plans one digest', async () => {
    const { ctx } = site();
    await makePaper(ctx.db.prisma, '2026-02-03');
    const path = await linkOf();
    const answers = await Promise.all(Array.from({ length: 8 }, () => site().postForm(path, {})));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(await ctx.db.prisma.digest.count()).toBe(1);
    expect(await (await site().postForm(path, {})).text()).toContain('subscribed already');
  });

  it('row 34: expired, offers a new mail, under the same cooldown', async () => {
    const { ctx } = site();
    const path = await linkOf(['agents']);
    ctx.time.now = new Date(start.getTime() + confirmationLifetime);
    for (const response of [await site().get(path), await site().postForm(path, {})]) {
      expect(response.status).toBe(410);
      expect(await response.text()).toContain(`action="${path}/again"`);
    }
    expect(await stored()).toMatchObject({ status: 'pending' });
    const again = await Promise.all([1, 2, 3].map(() => site().postForm(`${path}/again`, {})));
    expect(again.map(({ status }) => status)).toEqual([202, 202, 202]);
    const jobs = await ctx.db.pool.query('select from graphile_worker._private_jobs');
    expect(jobs.rowCount).toBe(1);
    expect(await ctx.db.prisma.signUp.findMany({ orderBy: { requestedAt: 'asc' } })).toMatchObject([
      { id: signUpId, topics: ['agents'] },
      { topics: ['agents'], timezone: 'Asia/Tokyo' },
    ]);
  });

  it('answers JSON to whom speaks it', async () => {
    const response = await site().postJson(await linkOf(), {}, { accept: 'application/json' });
    expect(await response.json()).toMatchObject({
      status: 'active',
      welcome: false,
      preferences: expect.stringContaining('/preferences/'),
    });
  });
});
