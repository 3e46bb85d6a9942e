-- What became of papers after they were sent: each kind once a paper, and never changed, so that a mail that tells of it can be made again.
CREATE TABLE "paper_news" (
    "paper_id" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "votes" INTEGER,
    "code_url" TEXT,
    "noticed_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "paper_news_pkey" PRIMARY KEY ("paper_id", "kind"),
    CONSTRAINT "paper_news_paper_id_fkey" FOREIGN KEY ("paper_id") REFERENCES "papers"("id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "paper_news_noticed_at_idx" ON "paper_news"("noticed_at");
