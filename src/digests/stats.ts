import { z } from 'zod';
import type { Queries } from '../database/database.js';
import { Prisma } from '../generated/prisma/client.js';
import { DigestStatus, SubscriberStatus } from '../generated/prisma/enums.js';

const counts = z.record(z.string(), z.number());
const row = z.object({
  subscribers: counts,
  papers: z.object({ total: z.number(), newest: z.string().nullable() }),
  digests: counts,
  oldestWaitingSeconds: z.number().nullable(),
  /** While no relay takes mail: since when, and what the last one said. */
  outage: z.object({ since: z.coerce.date(), nextProbeAt: z.coerce.date(), reply: z.string() }).nullable(),
});

/**
 * Digests by status, without reading all that were sent, of which there are hundreds of millions: they are those that the plan's book
 * has (`audit` compares it with the table) less all others. Each status is a part of the text: so the partial indexes fit.
 */
const digestCounts = Prisma.sql`
  unsent as (
    select 'queued' as status, count(*) as n from digests where status = 'queued'
    union all
    select 'sending', count(*) from digests where status = 'sending'
    union all
    select status::text, count(*) from digests where status in ('failed', 'suppressed', 'in_doubt', 'expired') group by status
  ), by_status as (
    select status, n from unsent
    union all
    select 'sent', greatest((select coalesce(sum(planned), 0) from plans) - (select sum(n) from unsent), 0)
  )`;

/** How much there is of everything, by status; `oldestWaitingSeconds`: for how long, at `now`, the oldest queued
 * digest has been planned; `outage`: only while no
 * relay takes mail. */
export async function collectStats(db: Queries, now: Date) {
  const rows = await db.$queryRaw`
    with ${digestCounts}
    select
      (select coalesce(jsonb_object_agg(status, n), '{}') from (select status, count(*) as n from subscribers group by status) s) as subscribers,
      jsonb_build_object('total', (select count(*) from papers), 'newest', (select max(day) from listings)) as papers,
      (select jsonb_object_agg(status, n) from by_status) as digests,
      (select max(greatest(extract(epoch from ${now}::timestamptz - planned_at), 0))::int from digests where status = 'queued') as "oldestWaitingSeconds",
      (select jsonb_build_object('since', since, 'nextProbeAt', next_probe_at, 'reply', reply) from mail_outage) as outage`;
  const { outage, ...found } = z.tuple([row]).parse(rows)[0];
  return {
    ...found,
    ...(outage && { outage }),
    subscribers: zeroFilled(Object.values(SubscriberStatus), found.subscribers),
    digests: zeroFilled(Object.values(DigestStatus), found.digests),
  };
}

function zeroFilled<Status extends string>(statuses: Status[], found: Record<string, number>): Record<Status, number> {
  return Object.fromEntries(statuses.map((status) => [status, found[status] ?? 0])) as Record<Status, number>;
}

const plannedDay = z.object({ day: z.string(), due: z.number(), planned: z.number(), noMatch: z.number() });

/** What the plan's book has of the digest days of the `days` before `now`, the newest first. */
export async function readPlannedDays(db: Queries, now: Date, days: number): Promise<z.output<typeof plannedDay>[]> {
  const rows = await db.$queryRaw`
    select day::text, sum(due)::int as due, sum(planned)::int as planned, sum(no_match)::int as "noMatch"
    from plans where day > (${now}::timestamptz at time zone 'UTC')::date - ${days}::int
    group by plans.day order by plans.day desc`;
  return z.array(plannedDay).parse(rows);
}
