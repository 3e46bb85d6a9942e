import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { utcDay } from '../calendar-day.js';
import type { Context } from '../context.js';
import type { Queries } from '../database/database.js';
import { advanceMark, refuseRestored } from '../database/high-water-mark.js';
import { wakeDelivery } from '../database/queue.js';
import { PaperIndex } from '../interests/paper-index.js';
import { appendOffers, findLateSources, findLogEnd, type Offer, readFindable, readListed } from '../papers/offers.js';
import { holdsOnlySamples } from '../papers/store.js';
import { growingSources } from '../sources/open.js';
import { resumePaused } from '../subscribers/lifecycle.js';
import { topicNames } from '../topics/topic-name.js';
import { Shelf, type Wish } from './choose.js';
import * as due from './due.js';
import { type Chosen, editionOf, loadTopicLabels, papersOf, snapshotPapers, writeEditions } from './editions.js';
import { type Decision, PlanRun } from './plan-run.js';
import { bookPlan, type NewDigest, type PlannedDay, writeDigests } from './store.js';

/** Subscribers in a transaction: what a crash does again, and for how long a change of preferences may have to wait. */
const batchSize = 5_000;
const batchLimits = { timeout: 120_000, maxWait: 30_000 };
const batchesAtOnce = 4;
/** A plan for an instant that is no longer ago than this is one for the present: the clock goes on while a job begins. */
const presentMs = 60_000;
/** How many days of lists the first digest looks through for the newest in which something matches. */
const welcomeDays = 7;

type Planning = Pick<Context, 'config' | 'db' | 'clock' | 'log'>;

export interface PlanResult {
  /** One entry a digest day: at any instant there are two or three calendar days on Earth. */
  days: PlannedDay[];
  /** Subscribers for whom it could not be worked out whether they are due. */
  skipped: number[];
}

/**
 * Writes the digests that are due at `at` and asks for their delivery, some thousand subscribers a transaction. Idempotent:
 * who was looked at for a day is not due again on it, and of any number of plans at once each takes its own.
 * @throws UserError where the database is an older copy of the one that was planned in before
 */
export async function planDue(ctx: Planning, at: Date, onBatch: (due: number) => void = () => {}): Promise<PlanResult> {
  await refuseRestored(ctx);
  const { prisma } = ctx.db;
  const now = ctx.clock();
  if (now.getTime() - at.getTime() > presentMs) await due.rewindSchedules(prisma, at);
  await prisma.$transaction((tx) => appendOffers(tx, at < now ? now : at));
  await resumePaused(prisma, at);
  const result: PlanResult = { days: [], skipped: [] };
  if (!(await due.isAnyoneDue(prisma, at))) return result;
  const run = await openRun(ctx, at);
  let place: due.Place | null = due.firstPlace;
  let reading: Promise<unknown> = Promise.resolve();
  /** Each batch begins where the one before ended, whoever reads it. */
  const next = async (tx: Queries): Promise<due.DueRow[]> => {
    const read = async () => {
      if (place === null) return [];
      const { rows, last } = await due.readDue(tx, at, place, batchSize, true);
      place = last;
      return rows;
    };
    const turn = reading.then(read, read);
    reading = turn;
    return turn;
  };
  const plan = async () => {
    while (place !== null) {
      const batch = await prisma.$transaction((tx) => planBatch(prisma, tx, run, now, next), batchLimits);
      await wakeDelivery(
        prisma,
        batch.days.reduce((sum, day) => sum + day.planned, 0),
      );
      result.skipped.push(...batch.skipped);
      result.days = addUp([...result.days, ...batch.days]);
      onBatch(result.days.reduce((sum, day) => sum + day.due, 0));
    }
  };
  // Several at once, so that this process decides while the database writes. All are waited for, whatever becomes of one.
  const plans = await Promise.allSettled(Array.from({ length: batchesAtOnce }, plan));
  if (result.days.length > 0) await advanceMark(ctx);
  for (const ended of plans) if (ended.status === 'rejected') throw ended.reason;
  return result;
}

/**
 * Reads what is on offer at `at`, for a run of the plan.
 * @param foresee for a run that writes nothing
 */
export async function openRun(ctx: Pick<Context, 'config' | 'db'>, at: Date, foresee = false): Promise<PlanRun> {
  const { prisma } = ctx.db;
  const late = await findLateSources(prisma, growingSources(ctx.config), at);
  return PlanRun.open(prisma, at, late.length > 0, foresee);
}

/** Looks at the next subscribers: reads who they are, decides, writes. */
async function planBatch(
  db: Queries,
  tx: Queries,
  run: PlanRun,
  now: Date,
  next: (tx: Queries) => Promise<due.DueRow[]>,
) {
  await due.configureBatch(tx);
  const rows = await next(tx);
  if (rows.length === 0) return { days: [], skipped: [] };
  const decisions = await run.decide(tx, rows);
  const planned = decisions.filter((decision) => decision.kind === 'due');
  const withPapers = planned.filter(({ selection }) => selection.choices.length > 0);
  await run.writeEditions(
    db,
    withPapers.map(({ selection }) => selection),
    now,
  );
  const refused = await writeDigests(tx, withPapers.map(newDigest), now);
  // Whose day has its digest already was given nothing: the cursor stays.
  const considered = planned.filter(({ row }) => !refused.has(row.subscriberId));
  const excepted = considered.filter((decision) => decision.excepted).map(({ row }) => row.subscriberId);
  await due.settleExceptions(tx, excepted, run.end);
  await due.moveSchedules(
    tx,
    decisions.map((decision) => moveFor(decision, refused.has(decision.row.subscriberId) ? 0 : run.end)),
  );
  const tooFew = decisions.filter((decision) => decision.kind === 'too-few');
  await due.owe(tx, tooFew.flatMap(newlyOwed));
  const days = addUp([
    ...tooFew.map(({ day }) => ({ day, due: 1, planned: 0, noMatch: 1 })),
    ...considered.map(({ day, selection: { choices } }) => {
      return { day, due: 1, planned: Math.min(choices.length, 1), noMatch: choices.length === 0 ? 1 : 0 };
    }),
  ]);
  await bookPlan(tx, days, now);
  const skipped = decisions.flatMap(({ kind, row }) => (kind === 'skipped' ? row.subscriberId : []));
  return { days, skipped };
}

/** What is owed from now on to whom has no place in the log that it could be found behind. */
function newlyOwed({ row, selection }: Extract<Decision, { kind: 'too-few' }>) {
  if (row.cursor !== null) return [];
  return selection.choices.map(({ paperId }) => ({ subscriberId: row.subscriberId, paperId }));
}

/** Where a decision leaves a subscriber's schedule; `end` 0 leaves the cursor where it is. */
function moveFor(decision: Decision, end: number): due.Move {
  const { subscriberId } = decision.row;
  switch (decision.kind) {
    case 'inactive':
    case 'skipped':
      return { subscriberId, dueAt: null, plannedDay: null, cursor: null };
    case 'early':
      return { subscriberId, dueAt: decision.nextAt, plannedDay: null, cursor: null };
    case 'wait':
      return { subscriberId, dueAt: decision.until, plannedDay: null, cursor: null };
    case 'too-few':
      // What there was is considered once more, with what comes; of whoever has no place in the log yet it is owed.
      return {
        subscriberId,
        dueAt: decision.nextAt,
        plannedDay: decision.day,
        cursor: decision.row.cursor === null && end > 0 ? end : null,
      };
    case 'due':
      return { subscriberId, dueAt: decision.nextAt, plannedDay: decision.day, cursor: end > 0 ? end : null };
  }
}

function newDigest({ row, day, selection: { editionId } }: Extract<Decision, { kind: 'due' }>): NewDigest {
  const { subscriberId, abstractLength } = row;
  if (editionId === null) throw new Error(`subscriber ${subscriberId} has no edition`);
  return { id: uuidv7(), subscriberId, day, editionId, abstractLength };
}

/** The entries of each day as one. */
function addUp(days: readonly PlannedDay[]): PlannedDay[] {
  const sums = new Map<string, PlannedDay>();
  for (const { day, due: count, planned, noMatch } of days) {
    const sum = sums.get(day) ?? { day, due: 0, planned: 0, noMatch: 0 };
    sums.set(day, { day, due: sum.due + count, planned: sum.planned + planned, noMatch: sum.noMatch + noMatch });
  }
  return [...sums.values()].sort((a, b) => (a.day < b.day ? -1 : 1));
}

/**
 * Writes the digest that follows a confirmation at once, from the newest list in which something matches. What was given of
 * a list that is in no log yet is noted as given early. To someone who comes back only what came meanwhile is offered.
 * @returns whether there is one to send
 */
export async function planWelcome(tx: Queries, now: Date, subscriberId: number): Promise<boolean> {
  const reader = await readNewcomer(tx, now, subscriberId);
  if (!reader) return false;
  const end = await findLogEnd(tx);
  const chosen = await chooseWelcome(tx, utcDay(now), reader.wish, ({ seq, paperId }) => {
    return seq > (reader.cursor ?? 0) && !reader.given.includes(paperId);
  });
  if (!chosen) return false;
  const paperIds = chosen.choices.map(({ paperId }) => paperId);
  const snapshots = await snapshotPapers(tx, papersOf(chosen), now);
  const edition = editionOf(chosen, snapshots, await loadTopicLabels(tx, paperIds), topicNames);
  await writeEditions(tx, [edition], now);
  const { day, abstractLength } = reader;
  await writeDigests(tx, [{ id: uuidv7(), subscriberId, day, editionId: edition.id, abstractLength }], now);
  await bookPlan(tx, [{ day, due: 1, planned: 1, noMatch: 0 }], now);
  await due.startSchedule(tx, subscriberId, day, end, paperIds);
  await wakeDelivery(tx, 1);
  return true;
}

/**
 * Chooses from the newest list, up to `day` (YYYY-MM-DD) and of the last seven, in which something matches.
 * @param isOffered leaves out papers
 * @returns null where nothing matches
 */
export async function chooseWelcome(
  db: Queries,
  day: string,
  wish: Wish,
  isOffered: (offer: Offer) => boolean = () => true,
): Promise<Chosen | null> {
  const samples = await holdsOnlySamples(db);
  const offers = (await readListed(db, day, welcomeDays)).filter(isOffered);
  const papers = new PaperIndex();
  if (wish.interests) {
    const ids = offers.map(({ paperId }) => paperId);
    for (const paper of await readFindable(db, ids)) papers.add(paper);
  }
  const days = [...new Set(offers.map((offer) => offer.day))].sort().reverse();
  for (const listDay of days) {
    const shelf = new Shelf(offers.filter((offer) => offer.day === listDay));
    const choices = shelf.choose(wish, [], papers);
    if (choices.length > 0) return { choices, reckoning: shelf.reckon(wish, [], papers), samples };
  }
  return null;
}

const newcomers = z.array(
  z.object({
    /** The local day, YYYY-MM-DD. */
    day: z.string(),
    wish: z.string().transform(due.parseWish),
    abstractLength: z.enum(['none', 'short', 'full']),
    cursor: z.number().nullable(),
    /** Papers that were given early. */
    given: z.array(z.number()),
  }),
);

/** Whoever has just become active and has no digest of this local day yet, with their schedule locked, as the plan locks it. */
async function readNewcomer(tx: Queries, now: Date, subscriberId: number) {
  const rows = await tx.$queryRaw`
    select local.day::text, ${due.wish} as wish, s.abstract_length as "abstractLength", c.cursor,
      array(select paper_id from cursor_exceptions e where e.subscriber_id = s.id and not owed) as given
    from schedules c join subscribers s on s.id = c.subscriber_id
      cross join lateral (
        select coalesce(local_day(s.timezone, ${now}), (${now}::timestamptz at time zone 'UTC')::date) as day
      ) local
    where s.id = ${subscriberId} and s.status = 'active'
      and not exists (select from digests d where d.subscriber_id = s.id and d.day = local.day)
    for update of c`;
  return newcomers.parse(rows)[0] ?? null;
}
