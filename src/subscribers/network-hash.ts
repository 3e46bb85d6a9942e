import { createHmac, randomBytes } from 'node:crypto';
import type { Queries } from '../database/database.js';

/** How long a hash can still be compared: as long as somebody may reasonably ask who signed them up. */
const keepDays = 400;

/**
 * A hash of the network that somebody confirmed from: it can be compared with a network that is claimed, for as long as the key of its
 * month is kept, and tells nothing afterwards. IPv4 has so few addresses that a hash under a lasting key could be read back by trying all.
 * @param network as `clientNetworks` writes it
 * @param confirmedAt when
 */
export async function networkHash(db: Queries, network: string, confirmedAt: Date): Promise<Buffer<ArrayBuffer>> {
  const month = monthOf(confirmedAt);
  await db.networkKey.createMany({ data: { month, key: randomBytes(32) }, skipDuplicates: true });
  const { key } = await db.networkKey.findUniqueOrThrow({ where: { month } });
  return Buffer.from(createHmac('sha256', key).update(network).digest());
}

/** Forgets the keys of months long gone; with a key go all that was hashed with it. */
export async function pruneNetworkKeys(db: Queries, now: Date): Promise<{ networkKeys: number }> {
  const lt = monthOf(new Date(now.getTime() - keepDays * 86_400_000));
  const { count } = await db.networkKey.deleteMany({ where: { month: { lt } } });
  return { networkKeys: count };
}

function monthOf(time: Date): Date {
  return new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth()));
}
