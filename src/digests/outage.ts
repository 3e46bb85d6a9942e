import type { Queries } from '../database/database.js';

/** That no relay takes mail, as long as it lasts. */
export interface Outage {
  since: Date;
  nextProbeAt: Date;
  /** What the relays said, or what happened instead. */
  reply: string;
}

/** How long nothing is sent before the first probe, and at the most, in seconds; each time twice as long. */
const probeAfter = { least: 10, most: 300 };
/** How long a probe may take before another worker makes one, in seconds. */
const longestProbe = 120;

/** The outage that is under way; null where mail goes out, as far as is known. */
export async function findOutage(db: Queries): Promise<Outage | null> {
  return db.mailOutage.findFirst({ select: { since: true, nextProbeAt: true, reply: true } });
}

/**
 * Notes that no relay takes mail. What several connections meet at the same time counts once.
 * @param random from 0 to 1; spreads the probes by ±20 %
 * @returns whether it has begun just now
 */
export async function noteOutage(db: Queries, reply: string, now: Date, random: number): Promise<boolean> {
  const { least, most } = probeAfter;
  const spread = 0.8 + 0.4 * random;
  const rows = await db.$queryRaw<{ begun: boolean }[]>`
    insert into mail_outage as o (since, next_probe_at, reply)
    values (${now}, ${now}::timestamptz + make_interval(secs => ${least * spread}::float8), ${reply})
    on conflict (id) do update set
      failures = o.failures + 1, reply = excluded.reply, probed_until = null,
      next_probe_at = ${now}::timestamptz + make_interval(
        secs => ${spread}::float8 * least(${least}::float8 * power(2, least(o.failures, 20)), ${most}::float8))
      where o.next_probe_at <= ${now}
    returning failures = 1 as begun`;
  return rows[0]?.begun ?? false;
}

/** Takes it upon this worker to try whether a relay takes mail again. @returns false where it is too early, or another does */
export async function takeProbe(db: Queries, now: Date): Promise<boolean> {
  const taken = await db.$executeRaw`
    update mail_outage set probed_until = ${now}::timestamptz + make_interval(secs => ${longestProbe}::int)
    where next_probe_at <= ${now} and (probed_until is null or probed_until < ${now})`;
  return taken > 0;
}

/** Notes that a relay takes mail. @returns whether none had before */
export async function endOutage(db: Queries): Promise<boolean> {
  return (await db.mailOutage.deleteMany()).count > 0;
}
