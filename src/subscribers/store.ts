import { z } from 'zod';
import type { Queries } from '../database/database.js';
import { SubscriberStatus } from '../generated/prisma/client.js';
import { type Address, emailKey } from './address.js';
import type { importSchema } from './preferences.js';

/** What someone who wants digests has to say. */
export interface SignUp {
  address: Address;
  /** Topic slugs; none means the trending papers. */
  topics: string[];
  timezone: string;
}

const upserted = z.tuple([z.object({ id: z.number(), status: z.enum(SubscriberStatus) })]);

/**
 * Writes a sign-up: a new pending subscriber, or the newest choice of one who gets no mail yet. It always locks and writes
 * the row, whatever there was before: sign-ups of one address queue up here, and all take the same time.
 */
export async function upsertPending(
  tx: Queries,
  { address, emailKey, topics, timezone, now }: SignUp & { emailKey: string; now: Date },
): Promise<{ id: number; status: SubscriberStatus }> {
  const rows = await tx.$queryRaw`
    insert into subscribers as s (email, email_key, topics, timezone, created_at)
    values (${address}, ${emailKey}, ${topics}, ${timezone}, ${now})
    on conflict (email_key) do update set
      email = case when s.status in ('pending', 'unsubscribed') then excluded.email else s.email end,
      topics = case when s.status in ('pending', 'unsubscribed') then excluded.topics else s.topics end,
      timezone = case when s.status in ('pending', 'unsubscribed') then excluded.timezone else s.timezone end,
      created_at = case when s.status = 'pending' then excluded.created_at else s.created_at end
    returning id, status::text`;
  return upserted.parse(rows)[0];
}

const answersInDay = 1;
const answersInMonth = 3;

/**
 * Notes that an address asked for mail, where the cooldown and the suppressions allow that it is answered. The address's
 * row must be locked: of several requests at once one is allowed.
 * @param hashes all keyed hashes of the address
 */
export async function reserveConfirmation(tx: Queries, hashes: Buffer<ArrayBuffer>[], now: Date): Promise<boolean> {
  const claimed = await tx.$executeRaw`
    insert into confirmation_requests (address_hash, requested_at)
    select ${hashes[0]}, ${now}::timestamptz
    from (
      select count(*) filter (where requested_at > ${now}::timestamptz - interval '24 hours') as in_day,
        count(*) as in_month
      from confirmation_requests
      where address_hash = any (${hashes}::bytea[]) and requested_at > ${now}::timestamptz - interval '30 days'
    ) recent
    where in_day < ${answersInDay} and in_month < ${answersInMonth}
      and not exists (select from suppressions where address_hash = any (${hashes}::bytea[]))`;
  return claimed > 0;
}

/** Which of the keyed hashes are of addresses that must never be mailed, in hexadecimal. */
export async function findSuppressed(db: Queries, hashes: Buffer<ArrayBuffer>[]): Promise<Set<string>> {
  const rows = await db.$queryRaw`
    select encode(address_hash, 'hex') as hash from suppressions where address_hash = any (${hashes}::bytea[])`;
  return new Set(
    z
      .array(z.object({ hash: z.string() }))
      .parse(rows)
      .map(({ hash }) => hash),
  );
}

export type NewSubscriber = z.output<ReturnType<typeof importSchema>>;

/**
 * Writes active and paused subscribers in one statement.
 * @returns how many are new; addresses that are there already are left as they are
 */
export async function insertConfirmed(db: Queries, subscribers: NewSubscriber[], now: Date): Promise<number> {
  const rows = subscribers.map((subscriber) => ({ ...subscriber, email_key: emailKey(subscriber.email) }));
  return db.$executeRaw`
    with inserted as (
      insert into subscribers (email, email_key, topics, phrases, muted_phrases, authors, categories, timezone, hour,
        frequency, papers_per_digest, abstract_length, paused_until, status, created_at, confirmed_at)
      select email, email_key, topics, phrases, "mutedPhrases", authors, categories, timezone, hour,
        frequency, "papersPerDigest", "abstractLength", "pausedUntil",
        (case when "pausedUntil" is null then 'active' else 'paused' end)::subscriber_status, ${now}, ${now}
      from json_to_recordset(${JSON.stringify(rows)}::json) as r (email text, email_key text, topics text[],
        phrases text[], "mutedPhrases" text[], authors text[], categories text[], timezone text,
        hour smallint, frequency frequency, "papersPerDigest" smallint, "abstractLength" abstract_length, "pausedUntil" date)
      on conflict (email_key) do nothing
      returning id
    )
    insert into schedules (subscriber_id) select id from inserted`;
}
