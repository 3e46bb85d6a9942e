-- How far this database has come, counted up with every plan and delivery. Each machine keeps the last it has seen, and so
-- notices when an older copy stands in its place.
CREATE TABLE "high_water_mark" (
    "id" BOOLEAN NOT NULL DEFAULT true CHECK ("id"),
    "database_id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "reached" BIGINT NOT NULL DEFAULT 0,
    "reached_at" TIMESTAMPTZ(3) NOT NULL DEFAULT '-infinity',

    CONSTRAINT "high_water_mark_pkey" PRIMARY KEY ("id")
);

INSERT INTO "high_water_mark" DEFAULT VALUES;
