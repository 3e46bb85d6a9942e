import { z } from 'zod';
import type { Queries } from '../database/database.js';
import { DigestStatus, SubscriberStatus } from '../generated/prisma/enums.js';

const counts = z.record(z.string(), z.number());
const row = z.object({
  subscribers: counts,
  papers: z.object({ total: z.number(), newest: z.string().nullable() }),
  digests: counts,
  oldestWaitingSeconds: z.number().nullable(),
});

/** How much there is of everything, by status; `oldestWaitingSeconds`: for how long, at `now`, the oldest queued
 * digest has been planned. */
export async function collectStats(db: Queries, now: Date) {
  const rows = await db.$queryRaw`
    select
      (select coalesce(jsonb_object_agg(status, n), '{}') from (select status, count(*) as n from subscribers group by status) s) as subscribers,
      jsonb_build_object('total', (select count(*) from papers), 'newest', (select max(day) from listings)) as papers,
      (select coalesce(jsonb_object_agg(status, n), '{}') from (select status, count(*) as n from digests group by status) d) as digests,
      (select max(greatest(extract(epoch from ${now}::timestamptz - planned_at), 0))::int from digests where status = 'queued') as "oldestWaitingSeconds"`;
  const found = z.tuple([row]).parse(rows)[0];
  return {
    ...found,
    subscribers: zeroFilled(Object.values(SubscriberStatus), found.subscribers),
    digests: zeroFilled(Object.values(DigestStatus), found.digests),
  };
}

function zeroFilled<Status extends string>(statuses: Status[], found: Record<string, number>): Record<Status, number> {
  return Object.fromEntries(statuses.map((status) => [status, found[status] ?? 0])) as Record<Status, number>;
}
