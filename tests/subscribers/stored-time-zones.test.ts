import { beforeEach, describe, expect, it } from 'vitest';
import { TimeZones } from '../../src/database/time-zones.js';
import { planDue } from '../../src/digests/plan.js';
import { checkStoredTimeZones } from '../../src/subscribers/stored-time-zones.js';
import { useContext } from '../helpers/context.js';
import { makePaper, makeSubscriber } from '../helpers/rows.js';

const context = useContext();
beforeEach(async () => {
  await context().db.pool.query(
    'truncate subscribers, digests, editions, papers, source_days, plans, time_zone_data restart identity cascade',
  );
});
const zones = () => context().db.prisma.subscriber.findMany({ orderBy: { id: 'asc' }, select: { timezone: true } });

/** The log, as far as it tells of errors and warnings. */
function listening() {
  const lines: { level: string; line: object }[] = [];
  const log = Object.create(context().log, {
    warn: { value: (line: object) => lines.push({ level: 'warn', line }) },
    error: { value: (line: object) => lines.push({ level: 'error', line }) },
  });
  return { ctx: { ...context(), log }, lines };
}

describe('the time zones that are stored', () => {
  it('are renamed at the start where this PostgreSQL has another name, and named where it has none', async () => {
    const { prisma } = context().db;
    await makeSubscriber(prisma, { timezone: 'America/Buenos_Aires' });
    await makeSubscriber(prisma, { timezone: 'Mars/Olympus' });
    await makeSubscriber(prisma, { timezone: 'Europe/Berlin' });
    const { ctx, lines } = listening();
    const timeZones = new TimeZones(['America/Argentina/Buenos_Aires', 'Europe/Berlin', 'UTC']);
    await checkStoredTimeZones({ ...ctx, timeZones });
    expect((await zones()).map(({ timezone }) => timezone)).toEqual([
      'America/Argentina/Buenos_Aires',
      'Mars/Olympus',
      'Europe/Berlin',
    ]);
    expect(lines).toEqual([
      expect.objectContaining({ level: 'error', line: { timezone: 'Mars/Olympus', subscribers: 1 } }),
      expect.objectContaining({ level: 'warn', line: expect.objectContaining({ timezone: 'America/Buenos_Aires' }) }),
    ]);
  });

  it('finding 4: that PostgreSQL does not know stop nobody else’s digest: the plan skips and names their subscribers', async () => {
    const { prisma } = context().db;
    await makePaper(prisma, '2026-02-03');
    const lost = await makeSubscriber(prisma, { timezone: 'Mars/Olympus' });
    await makeSubscriber(prisma, { timezone: 'Europe/Berlin' });
    const paused = { status: 'paused', pausedUntil: new Date('2026-02-01'), timezone: 'Mars/Olympus' } as const;
    const lostPaused = await makeSubscriber(prisma, paused);
    const { days, skipped } = await planDue(context(), context().time.now);
    expect(skipped).toEqual([lost.id, lostPaused.id]);
    expect(days).toMatchObject([{ due: 1, planned: 1 }]);
    expect((await planDue(context(), context().time.now)).skipped).toEqual([]);
  });

  it('are worked out anew when what PostgreSQL knows of them has changed, and only then', async () => {
    const { prisma, pool } = context().db;
    await makeSubscriber(prisma);
    const dueNow = async () => (await pool.query("select from schedules where due_at = '-infinity'")).rowCount;
    await checkStoredTimeZones(context());
    await planDue(context(), context().time.now);
    await checkStoredTimeZones(context());
    expect(await dueNow()).toBe(0);
    await pool.query("update time_zone_data set fingerprint = 'that of last year'");
    await checkStoredTimeZones(context());
    expect(await dueNow()).toBe(1);
  });
});
