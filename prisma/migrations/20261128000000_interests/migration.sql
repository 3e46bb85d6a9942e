-- What subscribers want beside topics, and never want; categories are told by arXiv alone.
ALTER TABLE "papers" ADD COLUMN "categories" TEXT[] NOT NULL DEFAULT '{}';
ALTER TABLE "subscribers"
  ADD COLUMN "phrases" TEXT[] NOT NULL DEFAULT '{}',
  ADD COLUMN "muted_phrases" TEXT[] NOT NULL DEFAULT '{}',
  ADD COLUMN "authors" TEXT[] NOT NULL DEFAULT '{}',
  ADD COLUMN "categories" TEXT[] NOT NULL DEFAULT '{}';
