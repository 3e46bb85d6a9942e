-- There while no relay takes mail: then nobody's digest is claimed, and one worker at a time tries again.
CREATE TABLE "mail_outage" (
    "id" BOOLEAN NOT NULL DEFAULT true CHECK ("id"),
    "since" TIMESTAMPTZ(3) NOT NULL,
    "failures" INTEGER NOT NULL DEFAULT 1,
    "next_probe_at" TIMESTAMPTZ(3) NOT NULL,
    "probed_until" TIMESTAMPTZ(3),
    "reply" TEXT NOT NULL,

    CONSTRAINT "mail_outage_pkey" PRIMARY KEY ("id")
);
