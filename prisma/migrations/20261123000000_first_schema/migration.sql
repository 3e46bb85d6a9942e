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
    "ready_at" TIMESTAMPTZ(3),
    "offered" BOOLEAN NOT NULL DEFAULT false,
    "failed_at" TIMESTAMPTZ(3),
    "error" TEXT,

    CONSTRAINT "source_days_pkey" PRIMARY KEY ("source","day")
);

-- CreateTable
CREATE TABLE "listings" (
    "source" TEXT NOT NULL,
    "day" DATE NOT NULL,
    "paper_id" INTEGER NOT NULL,
    "added_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "listings_pkey" PRIMARY KEY ("source","day","paper_id")
);

-- CreateTable
CREATE TABLE "offers" (
    "seq" SERIAL NOT NULL,
    "paper_id" INTEGER NOT NULL,
    "day" DATE NOT NULL,
    "ready_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "offers_pkey" PRIMARY KEY ("seq")
);

-- CreateTable
CREATE TABLE "topics" (
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "query" TEXT NOT NULL,
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

    CONSTRAINT "subscribers_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "schedules" (
    "subscriber_id" INTEGER NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL DEFAULT '-infinity'::timestamptz,
    "planned_day" DATE,
    "cursor" INTEGER,

    CONSTRAINT "schedules_pkey" PRIMARY KEY ("subscriber_id")
);

-- CreateTable
CREATE TABLE "cursor_exceptions" (
    "subscriber_id" INTEGER NOT NULL,
    "paper_id" INTEGER NOT NULL,
    "owed" BOOLEAN NOT NULL,

    CONSTRAINT "cursor_exceptions_pkey" PRIMARY KEY ("subscriber_id","paper_id")
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
CREATE TABLE "paper_snapshots" (
    "id" SERIAL NOT NULL,
    "paper_id" INTEGER NOT NULL,
    "hash" BYTEA NOT NULL,
    "content" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "paper_snapshots_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "editions" (
    "id" UUID NOT NULL,
    "paper_ids" INTEGER[] NOT NULL,
    "snapshot_ids" INTEGER[] NOT NULL,
    "topics" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "editions_pkey" PRIMARY KEY ("id")
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
    "id" UUID NOT NULL,
    "subscriber_id" INTEGER,
    "day" DATE NOT NULL,
    "edition_id" UUID NOT NULL,
    "status" "digest_status" NOT NULL DEFAULT 'queued',
    "planned_at" TIMESTAMPTZ(3) NOT NULL,
    "not_before" TIMESTAMPTZ(3) NOT NULL,
    "abstract_length" "abstract_length" NOT NULL,
    "attempts" SMALLINT NOT NULL DEFAULT 0,
    "owner" TEXT,
    "lease_until" TIMESTAMPTZ(3),
    "sent_at" TIMESTAMPTZ(3),
    "last_reply" TEXT,

    CONSTRAINT "digests_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "rate_limits" (
    "key" VARCHAR(255) NOT NULL,
    "points" INTEGER NOT NULL DEFAULT 0,
    "expire" BIGINT,

    CONSTRAINT "rate_limits_pkey" PRIMARY KEY ("key")
);

-- CreateIndex
CREATE UNIQUE INDEX "papers_identifier_key" ON "papers"("identifier");

-- CreateIndex
CREATE INDEX "listings_day_idx" ON "listings"("day");

-- CreateIndex
CREATE INDEX "listings_paper_id_idx" ON "listings"("paper_id");

-- CreateIndex
CREATE UNIQUE INDEX "offers_paper_id_key" ON "offers"("paper_id");

-- CreateIndex
CREATE INDEX "offers_day_idx" ON "offers"("day");

-- CreateIndex
CREATE INDEX "offers_ready_at_idx" ON "offers"("ready_at");

-- CreateIndex
CREATE INDEX "matches_paper_id_idx" ON "matches"("paper_id");

-- CreateIndex
CREATE UNIQUE INDEX "subscribers_email_key_key" ON "subscribers"("email_key");

-- CreateIndex
CREATE INDEX "schedules_due_at_subscriber_id_idx" ON "schedules"("due_at", "subscriber_id");

-- CreateIndex
CREATE INDEX "confirmation_requests_address_hash_requested_at_idx" ON "confirmation_requests"("address_hash", "requested_at");

-- CreateIndex
CREATE UNIQUE INDEX "paper_snapshots_paper_id_hash_key" ON "paper_snapshots"("paper_id", "hash");

-- CreateIndex
CREATE INDEX "plans_day_idx" ON "plans"("day");

-- CreateIndex
CREATE INDEX "digests_day_idx" ON "digests"("day");

-- CreateIndex
CREATE UNIQUE INDEX "digests_subscriber_id_day_key" ON "digests"("subscriber_id", "day");

-- AddForeignKey
ALTER TABLE "listings" ADD CONSTRAINT "listings_source_day_fkey" FOREIGN KEY ("source", "day") REFERENCES "source_days"("source", "day") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "listings" ADD CONSTRAINT "listings_paper_id_fkey" FOREIGN KEY ("paper_id") REFERENCES "papers"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "offers" ADD CONSTRAINT "offers_paper_id_fkey" FOREIGN KEY ("paper_id") REFERENCES "papers"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "matches" ADD CONSTRAINT "matches_paper_id_fkey" FOREIGN KEY ("paper_id") REFERENCES "papers"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "matches" ADD CONSTRAINT "matches_topic_fkey" FOREIGN KEY ("topic") REFERENCES "topics"("slug") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "schedules" ADD CONSTRAINT "schedules_subscriber_id_fkey" FOREIGN KEY ("subscriber_id") REFERENCES "subscribers"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "paper_snapshots" ADD CONSTRAINT "paper_snapshots_paper_id_fkey" FOREIGN KEY ("paper_id") REFERENCES "papers"("id") ON DELETE CASCADE ON UPDATE CASCADE;

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

-- Nearly every list is in the log; the minute's plan looks only for one that is not.
CREATE INDEX "source_days_not_offered_idx" ON "source_days" ("ready_at") WHERE NOT "offered";

CREATE INDEX "subscribers_paused_idx" ON "subscribers" ("paused_until") WHERE "status" = 'paused';

-- Every plan moves the row of everyone who is due.
ALTER TABLE "schedules" SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);

ALTER TABLE "subscribers"
  ADD CHECK ("hour" BETWEEN 0 AND 23),
  ADD CHECK ("papers_per_digest" BETWEEN 1 AND 50),
  ADD CHECK (("status" = 'paused') OR ("paused_until" IS NULL));

ALTER TABLE "digests"
  ADD CHECK (("status" = 'sending') = ("owner" IS NOT NULL)),
  ADD CHECK (("status" = 'sending') = ("lease_until" IS NOT NULL));

CREATE TABLE "time_zone_data" (
    "id" BOOLEAN NOT NULL DEFAULT true CHECK ("id"),
    "fingerprint" TEXT NOT NULL,

    CONSTRAINT "time_zone_data_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "send_rate" (
    "id" BOOLEAN NOT NULL DEFAULT true CHECK ("id"),
    "next_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "send_rate_pkey" PRIMARY KEY ("id")
);

INSERT INTO "send_rate" ("next_at") VALUES ('-infinity');

-- The subscriber's calendar. PostgreSQL is the authority on time zones; one that it does not know gives nulls, never an error.

CREATE FUNCTION local_day(zone text, at timestamptz) RETURNS date
  LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (at AT TIME ZONE zone)::date;
EXCEPTION WHEN invalid_parameter_value THEN
  RETURN NULL;
END $$;

-- When a local hour strikes: right after the gap where a clock change skips it, the first time where it is repeated.
CREATE FUNCTION hour_strikes(day date, hour smallint, zone text) RETURNS timestamptz
  LANGUAGE sql STABLE
  RETURN (
    SELECT min(candidate.instant)
    FROM unnest('{0 minutes,30 minutes,1 hour}'::interval[]) AS gap,
      LATERAL (SELECT (day + make_interval(hours => hour)) AT TIME ZONE zone - gap AS instant) AS candidate
    WHERE gap = '0 minutes' OR candidate.instant AT TIME ZONE zone = day + make_interval(hours => hour)
  );

CREATE FUNCTION comes_on(frequency frequency, day date) RETURNS boolean
  LANGUAGE sql IMMUTABLE
  RETURN CASE frequency
    WHEN 'daily' THEN true
    WHEN 'weekdays' THEN extract(isodow FROM day) <= 5
    ELSE extract(isodow FROM day) = 1
  END;

-- What a subscriber's calendar says at an instant: `day`, the digest day whose hour has struck (at `struck_at`) and that no
-- plan has looked at, and `next_at`, when the hour next strikes. Yesterday's counts while it is no more than `late` ago, as
-- after a stop over midnight, and only for who was planned before.
CREATE FUNCTION turn_at(
  zone text, hour smallint, frequency frequency, planned_day date, at timestamptz, late interval,
  OUT day date, OUT struck_at timestamptz, OUT next_at timestamptz
) LANGUAGE plpgsql STABLE AS $$
DECLARE
  today date;
  candidate date;
  strikes timestamptz;
BEGIN
  today := (at AT TIME ZONE zone)::date;
  FOREACH candidate IN ARRAY ARRAY[today, today - 1] LOOP
    strikes := hour_strikes(candidate, hour, zone);
    IF comes_on(frequency, candidate) AND strikes <= at AND candidate > coalesce(planned_day, '-infinity')
      AND (candidate = today OR (planned_day IS NOT NULL AND at < strikes + late))
    THEN
      day := candidate;
      struck_at := strikes;
      EXIT;
    END IF;
  END LOOP;
  candidate := greatest(coalesce(day, planned_day), today - 1);
  WHILE next_at IS NULL LOOP
    candidate := candidate + 1;
    strikes := hour_strikes(candidate, hour, zone);
    IF comes_on(frequency, candidate) AND strikes > at THEN
      next_at := strikes;
    END IF;
  END LOOP;
EXCEPTION WHEN invalid_parameter_value THEN
  day := NULL;
  struck_at := NULL;
  next_at := NULL;
END $$;

-- Papers as digests show them, and what tells one state of a paper from another. The fields are those of `paperContent`.
CREATE VIEW current_papers AS
  SELECT id AS paper_id, content, sha256(convert_to(content::text, 'UTF8')) AS hash
  FROM papers, LATERAL (
    SELECT jsonb_build_object(
      'identifier', identifier, 'title', title, 'authors', authors, 'organization', organization,
      'publishedAt', published_at, 'abstract', abstract, 'summary', summary,
      'upvotes', upvotes, 'comments', comments, 'thumbnailUrl', thumbnail_url,
      'discussionUrl', discussion_url, 'codeUrl', code_url, 'codeStars', code_stars, 'projectUrl', project_url
    ) AS content
  ) AS snapshot;
