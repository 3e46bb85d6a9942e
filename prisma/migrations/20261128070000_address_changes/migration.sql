-- A new address that a subscriber asked for: it holds from when the link is pressed that was mailed to it.
CREATE TABLE "address_changes" (
    "id" UUID NOT NULL,
    "subscriber_id" INTEGER NOT NULL,
    "email" TEXT NOT NULL,
    "requested_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "address_changes_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "address_changes_subscriber_id_fkey" FOREIGN KEY ("subscriber_id") REFERENCES "subscribers"("id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "address_changes_subscriber_id_idx" ON "address_changes"("subscriber_id");
