import { z } from 'zod';
import type { Queries } from '../database/database.js';

/** How long a domain is left alone, in seconds; each time twice as long, until it has been quiet for as long as the most. */
const pauseSeconds = { least: 60, most: 3600 };

/**
 * Leaves a domain alone that asked for less mail. What several connections meet at the same time counts once.
 * @returns until when; null where it is paused already
 */
export async function pauseDomain(db: Queries, domain: string, reply: string, now: Date): Promise<Date | null> {
  const { least, most } = pauseSeconds;
  const rows = await db.$queryRaw<{ until: Date }[]>`
    insert into domain_pauses as p (domain, until, seconds, reply)
    values (${domain}, ${now}::timestamptz + make_interval(secs => ${least}::int), ${least}::int, ${reply})
    on conflict (domain) do update set
      (seconds, until, reply) = (
        select next, ${now}::timestamptz + make_interval(secs => next), excluded.reply
        from (select case
          when p.until < ${now}::timestamptz - make_interval(secs => ${most}::int) then ${least}::int
          else least(2 * p.seconds, ${most}::int)
        end as next) n)
      where p.until <= ${now}
    returning until`;
  return rows[0]?.until ?? null;
}

const pause = z.object({
  domain: z.string(),
  until: z.date(),
  /** What its server said. */
  reply: z.string(),
});

/** The domains that are left alone for now, and why, at most `limit`. */
export async function listDomainPauses(db: Queries, now: Date, limit: number): Promise<z.output<typeof pause>[]> {
  const rows = await db.$queryRaw`
    select domain, until, reply from domain_pauses where until > ${now} order by until desc, domain limit ${limit}`;
  return z.array(pause).parse(rows);
}
