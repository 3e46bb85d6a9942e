import type { Queries } from '../database/database.js';

/** How long a sign-up may wait for its confirmation, and how far back the cooldown looks. */
const keepDays = 30;

/** Forgets whoever never confirmed, counted from the first request, what was chosen, and requests that no cooldown counts any more. */
export async function pruneSignUps(db: Queries, now: Date): Promise<{ signUps: number; confirmationRequests: number }> {
  const lt = new Date(now.getTime() - keepDays * 86_400_000);
  const signUps = await db.subscriber.deleteMany({ where: { status: 'pending', createdAt: { lt } } });
  await db.signUp.deleteMany({ where: { requestedAt: { lt } } });
  await db.addressChange.deleteMany({ where: { requestedAt: { lt } } });
  const requests = await db.confirmationRequest.deleteMany({ where: { requestedAt: { lt } } });
  return { signUps: signUps.count, confirmationRequests: requests.count };
}
