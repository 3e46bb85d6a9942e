import { pruneDigests } from '../src/digests/prune.js';
import { pruneNetworkKeys } from '../src/subscribers/network-hash.js';
import { pruneSignUps } from '../src/subscribers/prune.js';
import type { Job } from './job.js';

/** Forgets what is no longer needed: sign-ups that were never confirmed, old digests, keys of old hashes. */
export const prune: Job = async ({ ctx }) => {
  const signUps = await pruneSignUps(ctx.db.prisma, ctx.clock());
  const digests = await pruneDigests(ctx.db.prisma, ctx.clock());
  const networkKeys = await pruneNetworkKeys(ctx.db.prisma, ctx.clock());
  ctx.log.info({ ...signUps, ...digests, ...networkKeys }, 'pruned');
};
