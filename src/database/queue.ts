import type { Queries } from './database.js';

/** The jobs that others ask for, and what each is about: ids, never content. jobs/ has their code. */
export interface Jobs {
  /**
   * Mail someone who asked to subscribe: the confirmation, or the links of a subscription that exists already. The id of the
   * mail is the job's, so that every attempt has it.
   */
  'sign-up-mail': { subscriberId: number; messageId: string; signUpId: string };
  /** Mail a subscriber what they asked for: links to what is stored about them, or new ones in place of the old. */
  notice: { subscriberId: number; messageId: string; about: 'data' | 'new-links' | 'lost-link' };
  /** Ask at a new address whether digests are to come there. */
  'new-address': { changeId: string; messageId: string };
  /** Work off the digests that are due. */
  deliver: Record<string, never>;
  /** Read the sources. */
  ingest: Record<string, never>;
  /** Write the digests that are due. */
  plan: Record<string, never>;
  /** Read the inbox that mails come back to. */
  bounces: Record<string, never>;
  /** Forget what is no longer needed. */
  prune: Record<string, never>;
}

/**
 * Asks for a job, in the caller's transaction: the job is there exactly when the rows are that it is about.
 * @param options.key of several waiting jobs with the same key only the last stays
 * @param options.queue jobs of one queue never run at the same time
 * @param options.mostAttempts after which it is given up; 25, over four days, if not said
 */
export async function addJob<Name extends keyof Jobs>(
  db: Queries,
  name: Name,
  payload: Jobs[Name],
  options: { key?: string; queue?: string; mostAttempts?: number } = {},
): Promise<void> {
  await db.$queryRaw`
    select from graphile_worker.add_job(${name}, ${JSON.stringify(payload)}::json,
      queue_name => ${options.queue ?? null}::text, job_key => ${options.key ?? null}::text,
      max_attempts => ${options.mostAttempts ?? null}::int)`;
}

/** Digests for which one more process is woken. */
const digestsPerWakeUp = 500;
/** More processes than that find out within a minute. */
const mostWakeUps = 16;

/** Wakes processes to deliver, as many as are worth it for so many new digests. */
export async function wakeDelivery(db: Queries, digests: number): Promise<void> {
  const wakeUps = Math.min(Math.ceil(digests / digestsPerWakeUp), mostWakeUps);
  await db.$queryRaw`
    select from generate_series(1, ${wakeUps}::int) as n
      cross join lateral graphile_worker.add_job('deliver', '{}'::json, job_key => 'deliver-' || n)`;
}
