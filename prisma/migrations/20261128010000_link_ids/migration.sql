-- What links name a subscriber by: a random number, not the row's. It tells nothing, and nobody in another database has the same.
ALTER TABLE "subscribers" ADD COLUMN "link_id" UUID NOT NULL DEFAULT gen_random_uuid();
CREATE UNIQUE INDEX "subscribers_link_id_key" ON "subscribers" ("link_id");
