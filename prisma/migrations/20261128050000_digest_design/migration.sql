-- What became of the papers of a day that are not in a digest; what its reader had chosen, while a copy may be out.
ALTER TABLE "editions" ADD COLUMN "account" JSONB;
ALTER TABLE "digests" ADD COLUMN "reader" TEXT;

ALTER TABLE "subscribers"
  ADD COLUMN "pictures" BOOLEAN NOT NULL DEFAULT false,
  ADD COLUMN "least_papers" SMALLINT NOT NULL DEFAULT 1,
  ADD COLUMN "week_day" SMALLINT NOT NULL DEFAULT 1;

-- Pictures of titles, which nobody can read at that size: papers keep only what came with them.
UPDATE "papers" SET "thumbnail_url" = NULL WHERE "thumbnail_url" LIKE '%/social-thumbnails/%';
