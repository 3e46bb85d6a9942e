import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { auditDay } from '../../src/digests/audit.js';
import { Layouts } from '../../src/digests/layouts.js';
import { pruneDigests } from '../../src/digests/prune.js';
import { loadDigestTemplates } from '../../src/digests/templates.js';
import { useContext } from '../helpers/context.js';
import { morning, planDigests, startMorning } from './delivery.js';

const context = useContext();
beforeEach(() => startMorning(context()));
const later = (days: number) => new Date(morning.getTime() + days * 86_400_000);
const prune = (days: number) => pruneDigests(context().db.prisma, later(days));

describe('old digests', () => {
  it('are kept for 400 days, then deleted with the account of their day', async () => {
    const { prisma } = context().db;
    await planDigests(context(), 2);
    await prisma.digest.updateMany({ data: { status: 'sent' } });
    expect(await prune(400)).toMatchObject({ digests: 0 });
    expect(await prune(401)).toMatchObject({ digests: 2 });
    expect(await auditDay(prisma, '2026-02-04', morning)).toMatchObject({ due: 0, balanced: true });
    expect(await prune(402)).toMatchObject({ digests: 0 });
  });

  it('stay while they are not settled', async () => {
    const { prisma } = context().db;
    await planDigests(context(), 2);
    const [digest] = await prisma.digest.findMany();
    await prisma.digest.update({ where: { id: digest?.id ?? '' }, data: { status: 'failed' } });
    expect(await prune(450)).toMatchObject({ digests: 1 });
    expect(await prisma.digest.findMany()).toMatchObject([{ status: 'queued' }]);
  });

  it('take the news of their papers with them much sooner: nobody is told of it after some weeks', async () => {
    const { prisma } = context().db;
    await planDigests(context(), 1);
    const { id } = await prisma.paper.findFirstOrThrow();
    await prisma.paperNews.create({ data: { paperId: id, kind: 'version', noticedAt: morning } });
    await prune(60);
    expect(await prisma.paperNews.count()).toBe(1);
    await prune(61);
    expect(await prisma.paperNews.count()).toBe(0);
  });

  it('take the layouts with them that only they were made with', async () => {
    const { prisma } = context().db;
    const layout = (usedAt: Date) =>
      prisma.layout.create({ data: { hash: randomBytes(32), content: {}, createdAt: morning, usedAt } });
    await prisma.layout.deleteMany();
    await layout(morning);
    const { id } = await layout(later(1));
    await prune(462);
    expect(await prisma.layout.count()).toBe(2);
    await prune(463);
    expect(await prisma.layout.findMany({ select: { id: true } })).toEqual([{ id }]);
    await prisma.layout.deleteMany();
  });

  it('note when their layout was last used', async () => {
    const { prisma } = context().db;
    const lastUsed = async () => (await prisma.layout.findMany()).map(({ usedAt }) => usedAt);
    for (const days of [0, 0.5, 2]) {
      const ctx = { ...context(), clock: () => later(days) };
      await Layouts.open(ctx, await loadDigestTemplates());
      expect(await lastUsed()).toEqual([later(days < 1 ? 0 : days)]);
    }
  });

  it('are outlived by what they were made of, for as long as a newer one may use it', async () => {
    await planDigests(context(), 2);
    await context().db.prisma.digest.updateMany({ data: { status: 'sent' } });
    expect(await prune(462)).toEqual({ digests: 2, editions: 0, snapshots: 0 });
    expect(await prune(463)).toEqual({ digests: 0, editions: 1, snapshots: 0 });
    expect(await prune(525)).toEqual({ digests: 0, editions: 0, snapshots: 1 });
  });
});
