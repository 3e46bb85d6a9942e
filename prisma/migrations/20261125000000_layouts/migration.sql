-- What the mails of a deployment have in common, so that a second attempt has the bytes of the first also after an upgrade.
CREATE TABLE "layouts" (
    "id" SERIAL NOT NULL,
    "hash" BYTEA NOT NULL,
    "content" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "layouts_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "layouts_hash_key" ON "layouts"("hash");

-- The layout of the attempt that may have got out; whether the last claim came as far as the relay.
ALTER TABLE "digests"
  ADD COLUMN "layout_id" INTEGER,
  ADD COLUMN "begun" BOOLEAN NOT NULL DEFAULT false;
