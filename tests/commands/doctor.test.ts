import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectPath } from '../../src/project.js';
import { createDatabase } from '../helpers/context.js';
import { runProgram } from '../helpers/program.js';
import { startSmtpServer, type TestSmtpServer } from '../helpers/smtp-server.js';
import { dailyPaper } from '../helpers/source.js';

let folder: string;
let database: Awaited<ReturnType<typeof createDatabase>>;
let smtp: TestSmtpServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offprint-doctor-'));
  database = await createDatabase();
  smtp = await startSmtpServer();
});
afterAll(async () => {
  await smtp.close();
  await database.drop();
  await rm(folder, { recursive: true });
});

/** Of an installation where all is well, but for what is given. */
const run = async (env: Record<string, string> = {}, ...options: string[]) => {
  const papers = join(folder, 'papers.json');
  await writeFile(papers, JSON.stringify([dailyPaper('2602.00001')]));
  return runProgram(['doctor', ...options], {
    DATABASE_URL: database.url,
    DATA_DIR: join(folder, 'data'),
    SMTP_URL: `smtp://127.0.0.1:${smtp.relay.port}`,
    // Nobody looks up the records of such a domain.
    MAIL_FROM: 'digest@papers.test',
    BASE_URL: 'https://papers.test',
    PAPER_SOURCES: `file:${papers}`,
    LOG_LEVEL: 'silent',
    ...env,
  });
};
const checksOf = (stdout: string): Record<string, { status: string; message: string; remedy?: string }> => {
  const { checks } = JSON.parse(stdout) as { checks: { check: string; status: string; message: string }[] };
  return Object.fromEntries(checks.map(({ check, ...finding }) => [check, finding]));
};

describe('doctor', () => {
  it('says of each part in a line that it is well, and ends with 0', async () => {
    const { status, stdout, stderr } = await run();
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^ok {7}configuration {2}\S/),
      expect.stringMatching(/^ok {7}database {7}DATABASE_URL: PostgreSQL \d+/),
      expect.stringMatching(/^ok {7}clock {10}within \d+ s of the database's$/),
      expect.stringMatching(/^ok {7}smtp {11}smtp:\/\/127\.0\.0\.1:\d+ answers$/),
      expect.stringMatching(/^ok {7}source {9}file:.*: 1 papers? for \d{4}-\d\d-\d\d$/),
      expect.stringMatching(/^skipped {2}spf {12}MAIL_FROM is at papers\.test/),
      expect.stringMatching(/^skipped {2}dkim {11}\S/),
      expect.stringMatching(/^skipped {2}dmarc {10}\S/),
    ]);
    expect(smtp.mails).toEqual([]);
  });

  it('prints one JSON object with --json', async () => {
    const { status, stdout } = await run({}, '--json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, checks: expect.any(Array) });
  });

  it('looks at all the rest where a part fails, says what to do, and ends with 1', async () => {
    const { status, stdout } = await run(
      {
        DATABASE_URL: 'postgres://nobody:a-password@127.0.0.1:1/none',
        SMTP_URL: 'smtp://ada:a-password@127.0.0.1:1',
        PAPER_SOURCES: `file:${join(folder, 'missing.json')}`,
      },
      '--json',
    );
    expect(status).toBe(1);
    expect(JSON.parse(stdout).ok).toBe(false);
    const { database: db, clock, smtp: relay, source, configuration } = checksOf(stdout);
    expect(configuration?.status).toBe('ok');
    for (const failed of [db, relay, source])
      expect(failed).toEqual({
        status: 'failed',
        message: expect.any(String),
        remedy: expect.stringContaining('check'),
      });
    expect(clock?.status).toBe('skipped');
    expect(relay?.message).toMatch(/^smtp:\/\/127\.0\.0\.1:1: connect ECONNREFUSED/);
    expect(source?.message).toContain('missing.json');
    expect(stdout).not.toContain('a-password');
  });

  it('names each relay of several', async () => {
    const { status, stdout } = await run({ SMTP_URL: `smtp://127.0.0.1:1,smtp://127.0.0.1:${smtp.relay.port}` });
    expect(status).toBe(1);
    expect(stdout.match(/^(ok|failed) +smtp /gm)).toHaveLength(2);
  });

  it('tells what is wrong with the configuration, a line for each variable', async () => {
    const { status, stdout, stderr } = await run({ PORT: 'x', SEND_RATE: '-1' });
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(stdout).toMatch(/^failed {3}configuration {2}PORT .*\nfailed {3}configuration {2}SEND_RATE .*\n$/);
  });

  it('is content with an installation of one command: an embedded database, the local mailbox, no variable', async () => {
    const { status, stdout } = await runProgram(['doctor', '--json'], {
      DATA_DIR: join(folder, 'embedded'),
      PAPER_SOURCES: `file:${projectPath('samples/papers.json')}`,
    });
    expect(status).toBe(0);
    const { database: db, smtp: relay } = checksOf(stdout);
    expect(db).toEqual({ status: 'ok', message: expect.stringContaining('the embedded one in') });
    expect(relay).toMatchObject({ status: 'skipped', message: 'mails go to the local mailbox' });
  });
});
