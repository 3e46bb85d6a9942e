-- Domains that asked for less mail: until then nobody's digest there is claimed.
CREATE TABLE "domain_pauses" (
    "domain" TEXT NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,
    "seconds" INTEGER NOT NULL,
    "reply" TEXT NOT NULL,

    CONSTRAINT "domain_pauses_pkey" PRIMARY KEY ("domain")
);
