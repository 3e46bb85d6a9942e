import { beforeEach, describe, expect, it } from 'vitest';
import { auditDay } from '../../src/digests/audit.js';
import { pruneDigests } from '../../src/digests/prune.js';
import { useContext } from '../helpers/context.js';
import { morning, planDigests, startMorning } from './delivery.js';

const context = useContext();
beforeEach(() => startMorning(context()));
const after = (days: number) => new Date(morning.getTime() + days * 86_400_000);
const prune = (days: number) => pruneDigests(context().db.prisma, after(days));

describe('old digests', () => {
  it('are kept for 400 days, then deleted with their prints, and the account of their day with them', async () => {
    const { prisma } = context().db;
    await planDigests(context(), 2);
    await prisma.digest.updateMany({ data: { status: 'sent' } });
    expect(await prune(400)).toEqual({ digests: 0, printings: 0 });
    expect(await prune(401)).toEqual({ digests: 2, printings: 1 });
    expect(await prisma.digestPaper.count()).toBe(0);
    expect(await auditDay(prisma, '2026-02-04')).toMatchObject({ due: 0, balanced: true });
    expect(await prune(402)).toEqual({ digests: 0, printings: 0 });
  });

  it('stay while they are not settled', async () => {
    const { prisma } = context().db;
    await planDigests(context(), 2);
    const [digest] = await prisma.digest.findMany();
    await prisma.digest.update({ where: { id: digest?.id ?? '' }, data: { status: 'failed' } });
    expect(await prune(500)).toEqual({ digests: 1, printings: 0 });
    expect(await prisma.digest.findMany()).toMatchObject([{ status: 'queued' }]);
  });

  it('leave a print alone that a newer digest uses', async () => {
    const { prisma } = context().db;
    await planDigests(context(), 2);
    await prisma.digest.updateMany({ data: { status: 'sent' } });
    const [digest] = await prisma.digest.findMany();
    await prisma.digest.update({ where: { id: digest?.id ?? '' }, data: { plannedAt: after(300) } });
    expect(await prune(500)).toEqual({ digests: 1, printings: 0 });
    expect(await prisma.printing.count()).toBe(1);
  });
});
