-- Hashes of networks under a key that is deleted after a while. Those under the lasting key cannot be made anew: they go.
CREATE TABLE "network_keys" (
    "month" DATE NOT NULL,
    "key" BYTEA NOT NULL,
    CONSTRAINT "network_keys_pkey" PRIMARY KEY ("month")
);
UPDATE "subscribers" SET "consent_network_hash" = NULL WHERE "consent_network_hash" IS NOT NULL;
