-- Researchers look for authors and organisations, too.
DROP INDEX "papers_search_idx";
ALTER TABLE "papers" DROP COLUMN "search";
ALTER TABLE "papers" ADD COLUMN "search" tsvector NOT NULL GENERATED ALWAYS AS (
  setweight(to_tsvector('english', "title"), 'A')
  || setweight(to_tsvector('english', join_words("authors") || ' | ' || coalesce("organization", '')), 'B')
  || setweight(to_tsvector('english', join_words("keywords")), 'B')
  || setweight(to_tsvector('english', "abstract"), 'C')
) STORED;
CREATE INDEX "papers_search_idx" ON "papers" USING gin ("search");
