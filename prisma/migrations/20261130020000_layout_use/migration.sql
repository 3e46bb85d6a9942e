ALTER TABLE "layouts" ADD COLUMN "used_at" TIMESTAMPTZ(3);
UPDATE "layouts" SET "used_at" = now();
ALTER TABLE "layouts" ALTER COLUMN "used_at" SET NOT NULL;
