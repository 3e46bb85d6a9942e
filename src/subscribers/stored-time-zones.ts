import { z } from 'zod';
import type { Context } from '../context.js';

/**
 * Looks, at the start, at the time zones that are stored: another PostgreSQL, or another packaging of it, may not know all
 * of them. Those that it calls otherwise are renamed; whoever is left is named in the log, and gets no digest until they
 * choose another. When what PostgreSQL knows of time zones has changed, everyone's hour is worked out anew.
 */
export async function checkStoredTimeZones(ctx: Pick<Context, 'db' | 'log' | 'timeZones'>): Promise<void> {
  const { prisma } = ctx.db;
  const stored = z
    .array(z.object({ timezone: z.string(), subscribers: z.number() }))
    .parse(await prisma.$queryRaw`select timezone, count(*)::int as subscribers from subscribers group by timezone`);
  for (const { timezone, subscribers } of stored) {
    const known = ctx.timeZones.find(timezone);
    if (known === timezone) continue;
    if (known === null) {
      ctx.log.error({ timezone, subscribers }, 'the database does not know a time zone: its subscribers get no digest');
      continue;
    }
    await prisma.$executeRaw`
      with renamed as (update subscribers set timezone = ${known} where timezone = ${timezone} returning id)
      update schedules set due_at = '-infinity' where subscriber_id in (select id from renamed)`;
    ctx.log.warn({ timezone, known, subscribers }, 'a time zone has another name in this database: renamed');
  }
  if (await isTimeZoneDataNew(ctx)) await prisma.$executeRaw`update schedules set due_at = '-infinity'`;
}

/** Compares the offsets of all zones, this year and the next, with those at the last start, and notes them. */
async function isTimeZoneDataNew({ db }: Pick<Context, 'db'>): Promise<boolean> {
  const changed = await db.prisma.$executeRaw`
    with data as (
      select md5(string_agg(name || (month at time zone name), ',' order by name, month)) as fingerprint
      from pg_timezone_names, generate_series(
        date_trunc('year', now()), date_trunc('year', now()) + interval '23 months', interval '1 month'
      ) as month
    )
    insert into time_zone_data as t (fingerprint) select fingerprint from data
    on conflict (id) do update set fingerprint = excluded.fingerprint where t.fingerprint <> excluded.fingerprint`;
  return changed > 0;
}
