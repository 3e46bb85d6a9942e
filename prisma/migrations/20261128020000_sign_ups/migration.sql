-- What was chosen with a sign-up, until its link is pressed: a stranger who enters somebody's address changes nothing of theirs.
CREATE TABLE "sign_ups" (
  "id" UUID NOT NULL,
  "subscriber_id" INTEGER NOT NULL,
  "topics" TEXT[] NOT NULL,
  "timezone" TEXT NOT NULL,
  "requested_at" TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT "sign_ups_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "sign_ups_subscriber_id_idx" ON "sign_ups" ("subscriber_id");
ALTER TABLE "sign_ups" ADD CONSTRAINT "sign_ups_subscriber_id_fkey" FOREIGN KEY ("subscriber_id") REFERENCES "subscribers" ("id") ON DELETE CASCADE ON UPDATE CASCADE;
