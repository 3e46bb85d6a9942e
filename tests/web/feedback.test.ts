import { beforeEach, describe, expect, it } from 'vitest';
import { planDue, planWelcome } from '../../src/digests/plan.js';
import { feedbackLink, subscriberLinks } from '../../src/subscribers/links.js';
import { exportSubscriber } from '../../src/subscribers/personal-data.js';
import { makePaper, makeSubscriber, papersOf } from '../helpers/rows.js';
import { pathOf, useSite } from './site.js';

const site = useSite();

beforeEach(async () => {
  site().ctx.time.now = new Date('2026-02-04T12:00:00Z');
  await site().ctx.db.pool.query('truncate subscribers, papers, source_days, digests, editions cascade');
});

const stored = () => site().ctx.db.prisma.subscriber.findFirstOrThrow();
const votes = async () =>
  (await site().ctx.db.prisma.vote.findMany({ orderBy: { paperId: 'asc' } })).map(({ more }) => more);

/** A digest of two papers, on agents and on robotics; the address to vote on it, and the preferences. */
async function digest() {
  const { ctx } = site();
  const { prisma } = ctx.db;
  await makePaper(prisma, '2026-02-03', { title: 'On <agents>', upvotes: 9, topics: ['agents'] });
  await makePaper(prisma, '2026-02-03', { title: 'On robots', upvotes: 5, topics: ['robotics'] });
  const subscriber = await makeSubscriber(prisma, { topics: ['agents', 'robotics'] });
  await prisma.$transaction((tx) => planWelcome(tx, ctx.clock(), subscriber.id));
  const { id } = await prisma.digest.findFirstOrThrow();
  return {
    subscriber,
    path: pathOf(feedbackLink(ctx, subscriber, id)),
    preferences: pathOf(subscriberLinks(ctx, subscriber).preferences),
  };
}
const checked = (html: string) =>
  [...html.matchAll(/name="(vote-\d)" value="(\w+)" checked/g)].map(([, name, value]) => `${name} ${value}`);

describe('the link to vote on a paper', () => {
  it('opens all papers of its digest, with its vote preselected, and votes nothing by itself', async () => {
    const { path } = await digest();
    const response = await site().get(`${path}?paper=2&vote=less`);
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const html = await response.text();
    expect(html).toContain('On &lt;agents&gt;');
    expect(checked(html)).toEqual(['vote-1 none', 'vote-2 less']);
    expect(await votes()).toEqual([]);
  });

  it('is for its digest alone: nobody else’s, and no other page', async () => {
    const { path } = await digest();
    const other = await makeSubscriber(site().ctx.db.prisma);
    const { id } = await site().ctx.db.prisma.digest.findFirstOrThrow();
    expect((await site().get(pathOf(feedbackLink(site().ctx, other, id)))).status).toBe(404);
    expect((await site().get(path.replace('/feedback/', '/preferences/'))).status).toBe(404);
  });
});

describe('a vote', () => {
  it('is saved by the button, changed, and taken back', async () => {
    const { path } = await digest();
    const response = await site().postForm(path, { 'vote-1': 'more', 'vote-2': 'less' });
    expect(response.status).toBe(303);
    expect(await (await site().get(response.headers.get('location') ?? '')).text()).toContain('Saved');
    expect(await votes()).toEqual([true, false]);
    expect((await stored()).leanings).toEqual(['agents+1', 'robotics-1']);
    await site().postForm(path, { 'vote-1': 'none', 'vote-2': 'more' });
    expect(await votes()).toEqual([true]);
    expect((await stored()).leanings).toEqual(['robotics+1']);
  });

  it('can be on one paper, in a form, in JSON, or as the address of the mail says', async () => {
    const { path } = await digest();
    await site().postForm(path, { paper: '1', vote: 'more' });
    const json = await site().postJson(path, { paper: 2, vote: 'less' });
    expect(await json.json()).toMatchObject({ papers: [{ vote: 'more' }, { vote: 'less' }] });
    await site().postForm(`${path}?paper=1&vote=less`, {});
    expect(await votes()).toEqual([false, false]);
  });

  it('that makes no sense changes nothing', async () => {
    const { path } = await digest();
    for (const body of [{ 'vote-1': 'most' }, { 'vote-9': 'more' }, { paper: '-1', vote: 'more' }, {}])
      expect((await site().postForm(path, body)).status).toBe(303);
    expect(await votes()).toEqual([]);
  });

  it('moves papers of its topics: what was second comes first', async () => {
    const { path, subscriber } = await digest();
    const { ctx } = site();
    await site().postForm(path, { 'vote-1': 'less', 'vote-2': 'more' });
    const { prisma } = ctx.db;
    const agents = await makePaper(prisma, '2026-02-04', { upvotes: 9, topics: ['agents'] });
    const robots = await makePaper(prisma, '2026-02-04', { upvotes: 6, topics: ['robotics'] });
    ctx.time.now = new Date('2026-02-05T09:00:00Z');
    await planDue(ctx, ctx.clock());
    expect((await papersOf(prisma, subscriber.id)).slice(2)).toEqual([robots.id, agents.id]);
  });

  it('is listed in the preferences, explained, and taken back there', async () => {
    const { path, preferences } = await digest();
    await site().postForm(path, { 'vote-1': 'more' });
    const page = await (await site().get(preferences)).text();
    expect(page).toContain('Your votes');
    expect(page).toContain('a fifth more');
    const paper = /name="paper" value="(\d+)"/.exec(page)?.[1] ?? '';
    const response = await site().postForm(`${preferences}/votes`, { paper });
    expect(response.headers.get('location')).toBe(`${preferences}?saved=vote`);
    expect(await votes()).toEqual([]);
    expect((await stored()).leanings).toEqual([]);
  });

  it.each([1e300, 2 ** 31, 1.5, -1, 'x', null])('is not taken back of a paper that can be none: %j', async (paper) => {
    const { path, preferences } = await digest();
    await site().postForm(path, { 'vote-1': 'more' });
    expect((await site().postJson(`${preferences}/votes`, { paper })).status).toBe(303);
    expect(await votes()).toEqual([true]);
  });

  it('is part of what is stored about a subscriber', async () => {
    const { path } = await digest();
    await site().postForm(path, { 'vote-1': 'more' });
    expect(await exportSubscriber(site().ctx, await stored())).toMatchObject({
      votes: [{ title: 'On <agents>', vote: 'more' }],
      subscriber: { leanings: ['agents+1'] },
    });
  });
});
