import type { Queries } from './database.js';

/** The jobs that others ask for, and what each is about: ids, never content. jobs/ has their code. */
export interface Jobs {
  /** Mail someone who asked to subscribe: the confirmation, or the links of a subscription that exists already. */
  'answer-subscription': { subscriberId: number };
  /** Work off the digests that are due. */
  deliver: Record<string, never>;
  /** Read the sources. */
  ingest: Record<string, never>;
  /** Write the digests that are due. */
  plan: Record<string, never>;
  /** Forget what is no longer needed. */
  prune: Record<string, never>;
}

/**
 * Asks for a job, in the caller's transaction: the job is there exactly when the rows are that it is about.
 * @param options.key of several waiting jobs with the same key only the last stays
 */
export async function addJob<Name extends keyof Jobs>(
  db: Queries,
  name: Name,
  payload: Jobs[Name],
  options: { key?: string } = {},
): Promise<void> {
  await db.$queryRaw`
    select from graphile_worker.add_job(${name}, ${JSON.stringify(payload)}::json, job_key => ${options.key ?? null}::text)`;
}
