import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Context } from '../context.js';
import { UserError } from '../errors.js';
import type { Queries } from './database.js';

type Marking = Pick<Context, 'config' | 'db' | 'log'>;

/** How far a database had come at some time. */
interface Mark {
  databaseId: string;
  reached: number;
  reachedAt: string;
}

/** That the database is an older copy of the one that this machine has worked with. */
export interface Restored {
  /** When this machine last saw the newer one at work, and when the copy was last at work; ISO times. */
  seenAt: string;
  copyAt: string;
  /** The mark that this machine has seen. */
  seen: number;
}

/** Further than a mark gets in the time for which one machine may not have heard of another's. */
const leap = 1_000_000;

const file = z.record(z.string(), z.object({ reached: z.number(), reachedAt: z.string() }));
type Marks = z.output<typeof file>;

const marks = z.tuple([z.object({ databaseId: z.string(), reached: z.number(), reachedAt: z.string() })]);

const fileOf = ({ config }: Pick<Context, 'config'>) => join(config.database.dataDir, 'high-water-marks.json');

/**
 * Counts up how far the database has come, and keeps it outside, in DATA_DIR. A copy that is restored from a dump knows less
 * than that: of what was sent since, and of who has left. Where DATA_DIR cannot be written that goes unnoticed, which the log
 * says.
 */
export async function advanceMark(ctx: Marking): Promise<void> {
  const rows = await ctx.db.prisma.$queryRaw`
    update high_water_mark set reached = reached + 1, reached_at = clock_timestamp()
    returning database_id::text as "databaseId", reached::float8 as reached, to_json(reached_at) #>> '{}' as "reachedAt"`;
  const [mark] = marks.parse(rows);
  await keep(ctx, mark);
}

/** Whether the database is an older copy of the one that this machine has worked with; null where it is not, as far as is known. */
export async function findRestored(ctx: Pick<Context, 'config' | 'db' | 'log'>): Promise<Restored | null> {
  const kept = await read(ctx);
  if (Object.keys(kept).length === 0) return null;
  const [mark] = await readMark(ctx.db.prisma);
  const seen = kept[mark.databaseId];
  if (!seen || seen.reached <= mark.reached) return null;
  return { seenAt: seen.reachedAt, copyAt: mark.reachedAt, seen: seen.reached };
}

/** @throws UserError where the database is an older copy of the one that this machine has worked with */
export async function refuseRestored(ctx: Pick<Context, 'config' | 'db' | 'log'>): Promise<void> {
  const restored = await findRestored(ctx);
  if (!restored) return;
  throw new UserError(
    `The database is an older copy: it knows of nothing after ${restored.copyAt}, and was at work until ${restored.seenAt}. ` +
      'Nothing is planned or sent, because digests could come twice. "offprint digests resume --help" tells how to go on',
  );
}

/** Takes the copy for the database from now on, on every machine. */
export async function acceptRestored(tx: Queries, { seen }: Restored): Promise<void> {
  await tx.$executeRaw`
    update high_water_mark set reached = ${BigInt(seen)} + ${leap}::int, reached_at = clock_timestamp()`;
}

async function readMark(db: Queries): Promise<z.output<typeof marks>> {
  const rows = await db.$queryRaw`
    select database_id::text as "databaseId", reached::float8 as reached, to_json(reached_at) #>> '{}' as "reachedAt"
    from high_water_mark`;
  return marks.parse(rows);
}

async function read(ctx: Pick<Context, 'config' | 'log'>): Promise<Marks> {
  try {
    return file.parse(JSON.parse(await readFile(fileOf(ctx), 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      ctx.log.warn({ file: fileOf(ctx), error: (error as Error).message }, 'the high-water mark cannot be read');
    return {};
  }
}

/** Written beside its place and then renamed, so that it is whole whenever it is read. A mark never goes back. */
async function keep(ctx: Marking, { databaseId, ...mark }: Mark): Promise<void> {
  const kept = await read(ctx);
  if ((kept[databaseId]?.reached ?? 0) >= mark.reached) return;
  const draft = `${fileOf(ctx)}-${randomUUID()}`;
  try {
    await mkdir(ctx.config.database.dataDir, { recursive: true, mode: 0o711 });
    await writeFile(draft, JSON.stringify({ ...kept, [databaseId]: mark }), { mode: 0o600 });
    await rename(draft, fileOf(ctx));
  } catch (error) {
    ctx.log.warn(
      { file: fileOf(ctx), error: (error as Error).message },
      'the high-water mark cannot be kept: a database restored from a dump would go unnoticed',
    );
  }
}
