-- Weekly digests come on a day of one's choice.
DROP FUNCTION turn_at(text, smallint, frequency, date, timestamptz, interval);
DROP FUNCTION comes_on(frequency, date);

CREATE FUNCTION comes_on(frequency frequency, week_day smallint, day date) RETURNS boolean
  LANGUAGE sql IMMUTABLE
  RETURN CASE frequency
    WHEN 'daily' THEN true
    WHEN 'weekdays' THEN extract(isodow FROM day) <= 5
    ELSE extract(isodow FROM day) = week_day
  END;

-- What a subscriber's calendar says at an instant: `day`, the digest day whose hour has struck (at `struck_at`) and that no
-- plan has looked at, and `next_at`, when the hour next strikes. Yesterday's counts while it is no more than `late` ago, as
-- after a stop over midnight, and only for who was planned before.
CREATE FUNCTION turn_at(
  zone text, hour smallint, frequency frequency, week_day smallint, planned_day date, at timestamptz, late interval,
  OUT day date, OUT struck_at timestamptz, OUT next_at timestamptz
) LANGUAGE plpgsql STABLE AS $$
DECLARE
  today date;
  candidate date;
  strikes timestamptz;
BEGIN
  today := (at AT TIME ZONE zone)::date;
  FOREACH candidate IN ARRAY ARRAY[today, today - 1] LOOP
    strikes := hour_strikes(candidate, hour, zone);
    IF comes_on(frequency, week_day, candidate) AND strikes <= at AND candidate > coalesce(planned_day, '-infinity')
      AND (candidate = today OR (planned_day IS NOT NULL AND at < strikes + late))
    THEN
      day := candidate;
      struck_at := strikes;
      EXIT;
    END IF;
  END LOOP;
  candidate := greatest(coalesce(day, planned_day), today - 1);
  WHILE next_at IS NULL LOOP
    candidate := candidate + 1;
    strikes := hour_strikes(candidate, hour, zone);
    IF comes_on(frequency, week_day, candidate) AND strikes > at THEN
      next_at := strikes;
    END IF;
  END LOOP;
EXCEPTION WHEN invalid_parameter_value THEN
  day := NULL;
  struck_at := NULL;
  next_at := NULL;
END $$;

-- What subscribers said of papers, and what comes of it for topics.
CREATE TABLE "votes" (
    "subscriber_id" INTEGER NOT NULL,
    "paper_id" INTEGER NOT NULL,
    "more" BOOLEAN NOT NULL,
    "voted_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "votes_pkey" PRIMARY KEY ("subscriber_id", "paper_id"),
    CONSTRAINT "votes_subscriber_id_fkey" FOREIGN KEY ("subscriber_id") REFERENCES "subscribers"("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "votes_paper_id_fkey" FOREIGN KEY ("paper_id") REFERENCES "papers"("id") ON DELETE CASCADE ON UPDATE CASCADE
);
ALTER TABLE "subscribers" ADD COLUMN "leanings" TEXT[] NOT NULL DEFAULT '{}';
