import { expect, it } from 'vitest';
import { appendOffers } from '../../src/papers/offers.js';
import { lockPapers } from '../../src/papers/store.js';
import { useContext } from '../helpers/context.js';
import { makePaper } from '../helpers/rows.js';

const context = useContext();

it('a list that gains a paper while it enters the log enters with it, and none is lost', async () => {
  const { prisma, pool } = context().db;
  const first = await makePaper(prisma, '2026-02-03');
  const waiting = async () => {
    const { rows } = await pool.query(
      "select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    return rows[0]?.n;
  };
  let appending: Promise<number> | undefined;
  const second = await prisma.$transaction(async (tx) => {
    await lockPapers(tx);
    const paper = await makePaper(tx, '2026-02-03');
    appending = prisma.$transaction((other) => appendOffers(other, context().time.now));
    await expect.poll(waiting).toBe(1);
    return paper;
  });
  await appending;
  await prisma.$transaction((tx) => appendOffers(tx, context().time.now));
  const offers = await prisma.offer.findMany({ orderBy: { seq: 'asc' } });
  expect(offers.map(({ paperId }) => paperId)).toEqual([first.id, second.id]);
});
