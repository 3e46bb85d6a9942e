import { z } from 'zod';
import type { Queries } from '../database/database.js';
import { readTurns, rhythm } from './due.js';

/**
 * When a subscriber's hour next strikes; `at` itself where it has struck and the plan is about to look.
 * @returns null where there is no schedule, or PostgreSQL does not know the time zone
 */
export async function findNextHour(db: Queries, subscriberId: number, at: Date): Promise<Date | null> {
  const rows = await db.$queryRaw`
    select ${rhythm} as rhythm from schedules c join subscribers s on s.id = c.subscriber_id where s.id = ${subscriberId}`;
  const [row] = z.array(z.object({ rhythm: z.string() })).parse(rows);
  const [turn] = row ? await readTurns(db, [row.rhythm], at) : [];
  if (!turn || turn.nextAt === null) return null;
  return turn.day === null ? new Date(turn.nextAt) : at;
}
