import { z } from 'zod';
import type { Queries } from '../database/database.js';
import { SubscriberStatus } from '../generated/prisma/client.js';
import type { Language } from '../languages/language.js';
import { type Address, emailKey } from './address.js';
import type { importSchema } from './preferences.js';

/** What someone who wants digests has to say. */
export interface SignUp {
  address: Address;
  /** Topic slugs; none means the trending papers. */
  topics: string[];
  timezone: string;
  language: Language;
}

const upserted = z.tuple([z.object({ id: z.number(), status: z.enum(SubscriberStatus) })]);

/**
 * Makes a pending subscriber of an address that is not known; of one that is nothing changes, because anybody may enter it. It
 * always locks and writes the row, whatever there was before: sign-ups of one address queue up here, and all take the same time.
 */
export async function upsertPending(
  tx: Queries,
  { address, emailKey, now }: { address: Address; emailKey: string; now: Date },
): Promise<{ id: number; status: SubscriberStatus }> {
  const rows = await tx.$queryRaw`
    insert into subscribers as s (email, email_key, topics, created_at) values (${address}, ${emailKey}, '{}', ${now})
    on conflict (email_key) do update set email_key = excluded.email_key
    returning id, status::text`;
  return upserted.parse(rows)[0];
}

const answersInDay = 1;
const answersInMonth = 3;
/** Whoever was mailed no link for so long has none that works: others cannot keep somebody out by asking in their name. */
const answeredAgainAfterDays = 7;

/** The keyed hashes of an address: of the mailbox that it leads to, which mail is counted by, and its own. */
export interface RequestHashes {
  mailbox: Buffer<ArrayBuffer>[];
  address: Buffer<ArrayBuffer>[];
}

/**
 * Notes that an address asked for mail, where the cooldown and the suppressions allow that it is answered. Requests for one
 * mailbox wait for each other: of several at once one is allowed.
 */
export async function reserveConfirmation(
  tx: Queries,
  { mailbox, address }: RequestHashes,
  now: Date,
): Promise<boolean> {
  await tx.$executeRaw`select pg_advisory_xact_lock(hashtextextended(encode(${mailbox[0]}::bytea, 'hex'), 0))`;
  const claimed = await tx.$executeRaw`
    insert into confirmation_requests (address_hash, requested_at)
    select ${mailbox[0]}, ${now}::timestamptz
    from (
      select count(*) filter (where requested_at > ${now}::timestamptz - interval '24 hours') as in_day,
        count(*) as in_month,
        coalesce(max(requested_at), '-infinity') <= ${now}::timestamptz - make_interval(days => ${answeredAgainAfterDays}::int) as out_of_links
      from confirmation_requests
      where address_hash = any (${mailbox}::bytea[]) and requested_at > ${now}::timestamptz - interval '30 days'
    ) recent
    where ((in_day < ${answersInDay} and in_month < ${answersInMonth}) or out_of_links)
      and not exists (select from suppressions where address_hash = any (${address}::bytea[]))`;
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
        frequency, papers_per_digest, abstract_length, pictures, least_papers, week_day, language, paused_until, status, created_at, confirmed_at)
      select email, email_key, topics, phrases, "mutedPhrases", authors, categories, timezone, hour,
        frequency, "papersPerDigest", "abstractLength", pictures, "leastPapers", "weekDay", language, "pausedUntil",
        (case when "pausedUntil" is null then 'active' else 'paused' end)::subscriber_status, ${now}, ${now}
      from json_to_recordset(${JSON.stringify(rows)}::json) as r (email text, email_key text, topics text[],
        phrases text[], "mutedPhrases" text[], authors text[], categories text[], timezone text,
        hour smallint, frequency frequency, "papersPerDigest" smallint, "abstractLength" abstract_length,
        pictures boolean, "leastPapers" smallint, "weekDay" smallint, language text, "pausedUntil" date)
      on conflict (email_key) do nothing
      returning id
    )
    insert into schedules (subscriber_id) select id from inserted`;
}
