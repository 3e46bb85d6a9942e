-- What is past its time is found by when it was made: without these a year of editions is read each night. They are small, because
-- all that one batch of a plan makes has the same time.
CREATE INDEX "paper_snapshots_created_at_idx" ON "paper_snapshots"("created_at");
CREATE INDEX "editions_created_at_idx" ON "editions"("created_at");
