-- What somebody agreed to, and from where: with confirmed_at, the proof of consent (GDPR Art. 7 (1)).
ALTER TABLE "subscribers" ADD COLUMN "consent_text" TEXT, ADD COLUMN "consent_network_hash" BYTEA;
