import { beforeEach, describe, expect, it } from 'vitest';
import { planWelcome } from '../../src/digests/plan.js';
import { digestLink } from '../../src/subscribers/links.js';
import { eraseSubscriber } from '../../src/subscribers/personal-data.js';
import { makePaper, makeSubscriber } from '../helpers/rows.js';
import { pathOf, useSite } from './site.js';

const site = useSite();

beforeEach(() => site().ctx.db.pool.query('truncate subscribers, papers, source_days, digests cascade'));

/** A planned digest of one paper, and the link to it. */
async function planned(title: string) {
  const { ctx } = site();
  const { prisma } = ctx.db;
  await makePaper(prisma, '2026-02-03', { title, topics: ['agents'] });
  const subscriber = await makeSubscriber(prisma, { topics: ['agents'] });
  await prisma.$transaction((tx) => planWelcome(tx, ctx.clock(), subscriber.id));
  const { id } = await prisma.digest.findFirstOrThrow();
  return { subscriber, path: pathOf(digestLink(ctx, subscriber, id)) };
}

describe('a digest in the browser', () => {
  it('shows its papers, and nothing in it can run', async () => {
    const { path } = await planned('A paper about <script>alert(1)</script> agents');
    const response = await site().get(path);
    expect(response.status).toBe(200);
    const html = await response.text();
    expect(html).toContain('A paper about');
    expect(html).not.toContain('<script>alert');
    const policy = response.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe-inline');
    expect(response.headers.get('x-robots-tag')).toContain('noindex');
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it('finding 9: has no link that acts for its subscriber, because such a page gets shared', async () => {
    const { path } = await planned('A paper');
    const html = await (await site().get(path)).text();
    expect(html).not.toMatch(/\/(preferences|unsubscribe|digests|confirm)\//);
    expect(html).not.toContain('example.com');
    expect(html).toContain('Get your own');
  });

  it('is gone with its subscriber', async () => {
    const { subscriber, path } = await planned('A paper');
    await eraseSubscriber(site().ctx, subscriber.id);
    expect((await site().get(path)).status).toBe(404);
  });
});
