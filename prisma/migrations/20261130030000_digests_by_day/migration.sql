-- The day first: so the digests of a day stand together in the index, and to write them touches what that day fills, however
-- many days are on record. With the subscriber first each digest was written into a page of its own.
CREATE UNIQUE INDEX "digests_day_subscriber_id_key" ON "digests" ("day", "subscriber_id");
DROP INDEX "digests_subscriber_id_day_key";
DROP INDEX "digests_day_idx";

-- The digests of a subscriber from one day to another, the newest first; '-infinity' and 'infinity' are the first and the last day on
-- record. A probe of the index a day, whatever the planner knows of the table: STRICT keeps it from looking inside.
CREATE FUNCTION digests_of(subscriber integer, from_day date, to_day date) RETURNS SETOF digests
  LANGUAGE sql STABLE STRICT ROWS 30 AS $$
  SELECT d.*
  FROM (
    SELECT
      CASE WHEN from_day = '-infinity' THEN (SELECT min(day) FROM digests) ELSE from_day END AS first_day,
      CASE WHEN to_day = 'infinity' THEN (SELECT max(day) FROM digests) ELSE to_day END AS last_day
  ) bounds
    CROSS JOIN LATERAL generate_series(0, last_day - first_day) AS back (days)
    CROSS JOIN LATERAL (
      SELECT * FROM digests WHERE day = last_day - days AND subscriber_id = subscriber LIMIT 1
    ) d
  ORDER BY days
$$;

-- What did not go out: some in a thousand, which are counted without reading all that did.
CREATE INDEX "digests_ended_idx" ON "digests" ("status") WHERE "status" IN ('failed', 'suppressed', 'in_doubt', 'expired');

-- By default a table is vacuumed once a fifth of it is dead: with a year on record after a month, and until then every claim steps over
-- what was claimed before in the same index, 80 pages for each hundred thousand digests. Vacuumed by number it takes as
-- long as its indexes are large, not the table.
ALTER TABLE "digests" SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200000, vacuum_index_cleanup = on);
