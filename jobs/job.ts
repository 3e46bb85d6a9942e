import type { Delivery } from '../src/digests/delivery-run.js';
import type { NoticeTemplates } from '../src/subscribers/templates.js';

/** What a job works with: `signal` is aborted when the process is asked to stop. */
export interface JobContext extends Delivery {
  noticeTemplates: NoticeTemplates;
  signal: AbortSignal;
}

/** A job: reads its payload (unknown: older code may have written it), calls into src/, throws to be tried again. */
export type Job = (context: JobContext, payload: unknown) => Promise<void>;
