-- In which language a subscriber's mails and pages are (ISO 639-1), and the one that somebody signed up in.
ALTER TABLE "subscribers" ADD COLUMN "language" TEXT NOT NULL DEFAULT 'en';
ALTER TABLE "sign_ups" ADD COLUMN "language" TEXT NOT NULL DEFAULT 'en';
