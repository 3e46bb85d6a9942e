import type { Context } from '../context.js';
import type { ProofOfWork } from './proof-of-work.js';
import type { CodeLimit, NoticeLimit, SignUpLimit } from './rate-limits.js';
import type { SharedPages } from './shared-pages.js';
import type { TopicCounts } from './topic-counts.js';

/** What the routes work with. */
export interface Site {
  ctx: Context;
  limit: SignUpLimit;
  noticeLimit: NoticeLimit;
  codeLimit: CodeLimit;
  proofOfWork: ProofOfWork;
  topicCounts: TopicCounts;
  sharedPages: SharedPages;
  /** Whether the process is about to end: then nobody should send more requests. */
  isStopping: () => boolean;
}
