-- Topics are found by learned weights; each paper says with which its matches were found, so that others are found anew.
ALTER TABLE "topics" DROP COLUMN "query";
ALTER TABLE "papers" ADD COLUMN "matched_with" INTEGER NOT NULL DEFAULT 0;
