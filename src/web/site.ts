import type { Context } from '../context.js';
import type { ProofOfWork } from './proof-of-work.js';
import type { NoticeLimit, SignUpLimit } from './rate-limits.js';

/** What the routes work with. */
export interface Site {
  ctx: Context;
  limit: SignUpLimit;
  noticeLimit: NoticeLimit;
  proofOfWork: ProofOfWork;
  /** Whether the process is about to end: then nobody should send more requests. */
  isStopping: () => boolean;
}
