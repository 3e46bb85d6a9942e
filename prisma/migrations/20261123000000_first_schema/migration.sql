-- CreateEnum
CREATE TYPE "subscriber_status" AS ENUM ('pending', 'active', 'paused', 'unsubscribed', 'bounced', 'complained');

-- CreateEnum
CREATE TYPE "frequency" AS ENUM ('daily', 'weekdays', 'weekly');

-- CreateEnum
CREATE TYPE "abstract_length" AS ENUM ('none', 'short', 'full');

-- CreateEnum
CREATE TYPE "digest_status" AS ENUM ('queued', 'sending', 'sent', 'failed', 'suppressed', 'in_doubt', 'expired');

-- CreateTable
CREATE TABLE "papers" (
    "id" SERIAL NOT NULL,
    "identifier" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "abstract" TEXT NOT NULL,
    "summary" TEXT,
    "authors" TEXT[] NOT NULL DEFAULT '{}',
    "organization" TEXT,
    "keywords" TEXT[] NOT NULL DEFAULT '{}',
    "published_at" TIMESTAMPTZ(3) NOT NULL,
    "upvotes" INTEGER NOT NULL DEFAULT 0,
    "comments" INTEGER NOT NULL DEFAULT 0,
    "thumbnail_url" TEXT,
    "discussion_url" TEXT,
    "code_url" TEXT,
    "code_stars" INTEGER,
    "project_url" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "papers_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "source_days" (
    "source" TEXT NOT NULL,
    "day" DATE NOT NULL,
    "fetched_at" TIMESTAMPTZ(3),
    "grew_at" TIMESTAMPTZ(3),
    "failed_at" TIMESTAMPTZ(3),
    "error" TEXT,

    CONSTRAINT "source_days_pkey" PRIMARY KEY ("source","day")
);

-- CreateTable
CREATE TABLE "listings" (
    "source" TEXT NOT NULL,
    "day" DATE NOT NULL,
    "paper_id" INTEGER NOT NULL,

    CONSTRAINT "listings_pkey" PRIMARY KEY ("source","day","paper_id")
);

-- CreateTable
CREATE TABLE "topics" (
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "position" INTEGER NOT NULL,

    CONSTRAINT "topics_pkey" PRIMARY KEY ("slug")
);

-- CreateTable
CREATE TABLE "matches" (
    "paper_id" INTEGER NOT NULL,
    "topic" TEXT NOT NULL,
    "score" REAL NOT NULL,
    "reason" TEXT NOT NULL,

    CONSTRAINT "matches_pkey" PRIMARY KEY ("topic","paper_id")
);

-- CreateTable
CREATE TABLE "subscribers" (
    "id" SERIAL NOT NULL,
    "email" TEXT NOT NULL,
    "email_key" TEXT NOT NULL,
    "status" "subscriber_status" NOT NULL DEFAULT 'pending',
    "topics" TEXT[] NOT NULL DEFAULT '{}',
    "timezone" TEXT NOT NULL DEFAULT 'UTC',
    "hour" SMALLINT NOT NULL DEFAULT 8,
    "frequency" "frequency" NOT NULL DEFAULT 'daily',
    "papers_per_digest" SMALLINT NOT NULL DEFAULT 8,
    "abstract_length" "abstract_length" NOT NULL DEFAULT 'short',
    "token_epoch" SMALLINT NOT NULL DEFAULT 0,
    "paused_until" DATE,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "confirmed_at" TIMESTAMPTZ(3),
    "unsubscribed_at" TIMESTAMPTZ(3),
    "planned_day" DATE,
    "covered_through" DATE,

    CONSTRAINT "subscribers_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "confirmation_requests" (
    "id" SERIAL NOT NULL,
    "address_hash" BYTEA NOT NULL,
    "requested_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "confirmation_requests_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "suppressions" (
    "address_hash" BYTEA NOT NULL,
    "reason" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "suppressions_pkey" PRIMARY KEY ("address_hash")
);

-- CreateTable
CREATE TABLE "printings" (
    "id" SERIAL NOT NULL,
    "paper_id" INTEGER NOT NULL,
    "hash" BYTEA NOT NULL,
    "content" JSONB NOT NULL,

    CONSTRAINT "printings_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "plans" (
    "id" SERIAL NOT NULL,
    "planned_at" TIMESTAMPTZ(3) NOT NULL,
    "day" DATE NOT NULL,
    "due" INTEGER NOT NULL,
    "planned" INTEGER NOT NULL,
    "no_match" INTEGER NOT NULL,

    CONSTRAINT "plans_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "digests" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "subscriber_id" INTEGER,
    "day" DATE NOT NULL,
    "status" "digest_status" NOT NULL DEFAULT 'queued',
    "planned_at" TIMESTAMPTZ(3) NOT NULL,
    "not_before" TIMESTAMPTZ(3) NOT NULL,
    "abstract_length" "abstract_length" NOT NULL,
    "attempts" SMALLINT NOT NULL DEFAULT 0,
    "owner" TEXT,
    "lease_until" TIMESTAMPTZ(3),
    "sent_at" TIMESTAMPTZ(3),
    "answer" TEXT,

    CONSTRAINT "digests_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "digest_papers" (
    "digest_id" UUID NOT NULL,
    "position" SMALLINT NOT NULL,
    "printing_id" INTEGER NOT NULL,
    "paper_id" INTEGER NOT NULL,
    "subscriber_id" INTEGER,
    "topics" TEXT[] NOT NULL DEFAULT '{}',

    CONSTRAINT "digest_papers_pkey" PRIMARY KEY ("digest_id","position")
);

-- CreateIndex
CREATE UNIQUE INDEX "papers_identifier_key" ON "papers"("identifier");

-- CreateIndex
CREATE INDEX "listings_day_idx" ON "listings"("day");

-- CreateIndex
CREATE INDEX "listings_paper_id_idx" ON "listings"("paper_id");

-- CreateIndex
CREATE INDEX "matches_paper_id_idx" ON "matches"("paper_id");

-- CreateIndex
CREATE UNIQUE INDEX "subscribers_email_key_key" ON "subscribers"("email_key");

-- CreateIndex
CREATE INDEX "subscribers_timezone_hour_idx" ON "subscribers"("timezone", "hour");

-- CreateIndex
CREATE INDEX "confirmation_requests_address_hash_requested_at_idx" ON "confirmation_requests"("address_hash", "requested_at");

-- CreateIndex
CREATE UNIQUE INDEX "printings_paper_id_hash_key" ON "printings"("paper_id", "hash");

-- CreateIndex
CREATE INDEX "plans_day_idx" ON "plans"("day");

-- CreateIndex
CREATE INDEX "digests_day_idx" ON "digests"("day");

-- CreateIndex
CREATE UNIQUE INDEX "digests_subscriber_id_day_key" ON "digests"("subscriber_id", "day");

-- CreateIndex
CREATE UNIQUE INDEX "digest_papers_subscriber_id_paper_id_key" ON "digest_papers"("subscriber_id", "paper_id");

-- AddForeignKey
ALTER TABLE "listings" ADD CONSTRAINT "listings_source_day_fkey" FOREIGN KEY ("source", "day") REFERENCES "source_days"("source", "day") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "listings" ADD CONSTRAINT "listings_paper_id_fkey" FOREIGN KEY ("paper_id") REFERENCES "papers"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "matches" ADD CONSTRAINT "matches_paper_id_fkey" FOREIGN KEY ("paper_id") REFERENCES "papers"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "matches" ADD CONSTRAINT "matches_topic_fkey" FOREIGN KEY ("topic") REFERENCES "topics"("slug") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "printings" ADD CONSTRAINT "printings_paper_id_fkey" FOREIGN KEY ("paper_id") REFERENCES "papers"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "digests" ADD CONSTRAINT "digests_subscriber_id_fkey" FOREIGN KEY ("subscriber_id") REFERENCES "subscribers"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "digest_papers" ADD CONSTRAINT "digest_papers_digest_id_fkey" FOREIGN KEY ("digest_id") REFERENCES "digests"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "digest_papers" ADD CONSTRAINT "digest_papers_printing_id_fkey" FOREIGN KEY ("printing_id") REFERENCES "printings"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What Prisma cannot express.

-- array_to_string is only "stable", because of element types that are; for text it is immutable.
CREATE FUNCTION join_words(words text[]) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN array_to_string(words, ' | ');

ALTER TABLE "papers" ADD COLUMN "search" tsvector NOT NULL GENERATED ALWAYS AS (
  setweight(to_tsvector('english', "title"), 'A')
  || setweight(to_tsvector('english', join_words("keywords")), 'B')
  || setweight(to_tsvector('english', "abstract"), 'C')
) STORED;

CREATE INDEX "papers_search_idx" ON "papers" USING gin ("search");

-- The delivery reads only what is open; the closed digests, nearly all, stay out of its way.
CREATE INDEX "digests_queued_idx" ON "digests" ("not_before") WHERE "status" = 'queued';
CREATE INDEX "digests_sending_idx" ON "digests" ("lease_until") WHERE "status" = 'sending';

ALTER TABLE "subscribers"
  ADD CHECK ("hour" BETWEEN 0 AND 23),
  ADD CHECK ("papers_per_digest" BETWEEN 1 AND 50),
  ADD CHECK (("status" = 'paused') OR ("paused_until" IS NULL));

ALTER TABLE "digests"
  ADD CHECK (("status" = 'sending') = ("owner" IS NOT NULL)),
  ADD CHECK (("status" = 'sending') = ("lease_until" IS NOT NULL));

CREATE TABLE "send_pace" (
    "id" BOOLEAN NOT NULL DEFAULT true CHECK ("id"),
    "next_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "send_pace_pkey" PRIMARY KEY ("id")
);

INSERT INTO "send_pace" ("next_at") VALUES ('-infinity');
