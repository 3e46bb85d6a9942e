import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ParsedMail, simpleParser } from 'mailparser';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectPath } from '../../src/project.js';
import { createDatabase } from '../helpers/context.js';
import { type Ended, runProgram } from '../helpers/program.js';
import { startSmtpServer, type TestSmtpServer } from '../helpers/smtp-server.js';
import { dailyPaper } from '../helpers/source.js';
import { complaint, outOfOffice } from '../mail/reports.js';

/** The day of the newest sample papers. */
const day = '2026-05-29';
const morning = '2026-05-30T12:00:00Z';

let folder: string;
let database: Awaited<ReturnType<typeof createDatabase>>;
let smtp: TestSmtpServer;
let sql: pg.Client;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offprint-commands-'));
  database = await createDatabase();
  smtp = await startSmtpServer();
  sql = new pg.Client(database.url);
  await sql.connect();
});
afterAll(async () => {
  await sql.end();
  await smtp.close();
  await database.drop();
  await rm(folder, { recursive: true });
});

const run = (...args: string[]): Promise<Ended> =>
  runProgram(args, {
    DATABASE_URL: database.url,
    DATA_DIR: join(folder, 'data'),
    SMTP_URL: smtp.url,
    MAIL_FROM: 'Offprint <digest@example.org>',
    BASE_URL: 'https://papers.example.org',
    PAPER_SOURCES: `file:${projectPath('samples/papers.json')}`,
  });

/** Runs a command with --json; what it prints must be one object in one line, and nothing else. */
async function runJson(...args: string[]) {
  const { status, stdout, stderr } = await run(...args, '--json');
  expect(stdout, stderr).toMatch(/^\{.*\}\n$/);
  return { status, result: JSON.parse(stdout) };
}

const file = (name: string) => join(folder, name);

// The tests stand in the order of the one flow: papers, subscribers, plan, delivery. Each goes on where the last ended.

describe('migrate', () => {
  it('says that there is nothing to do', async () => {
    expect(await runJson('migrate')).toEqual({ status: 0, result: { applied: [] } });
  });
});

describe('topics evaluate', () => {
  const line = { title: 'Gaussian splatting of dynamic scenes', abstract: 'Novel views of 3D scenes.', topics: ['3d'] };

  it('tells how well the topics agree with labelled papers', async () => {
    await writeFile(file('labelled.jsonl'), `${JSON.stringify(line)}\n`);
    const { status, result } = await runJson('topics', 'evaluate', file('labelled.jsonl'));
    expect(status).toBe(0);
    expect(result).toMatchObject({ papers: 1, micro: { recall: 1 }, macro: { recall: 1 } });
    expect(Object.keys(result.topics)).toHaveLength(42);
    expect(result.topics['3d']).toEqual({ precision: 1, recall: 1, f1: 1, support: 1 });
    expect((await run('topics', 'evaluate', file('labelled.jsonl'))).stdout).toMatch(
      /^3d +1\.000 +1\.000 +1\.000 +1$/m,
    );
  });

  it.each([
    ['{"title":"T"}', /labelled\.jsonl, line 1: abstract is wrong/],
    ['{', /labelled\.jsonl, line 1: this is no JSON object/],
    [JSON.stringify({ ...line, topics: ['gone'] }), /names the topic “gone”, which there is not/],
    ['', /has no papers/],
  ])('says in one line what is wrong with %j', async (text, message) => {
    await writeFile(file('labelled.jsonl'), text);
    const { status, stdout, stderr } = await run('topics', 'evaluate', file('labelled.jsonl'));
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});

describe('topics list', () => {
  it('prints the vocabulary', async () => {
    const { status, result } = await runJson('topics', 'list');
    expect(status).toBe(0);
    expect(result.topics).toHaveLength(42);
    expect(result.topics[0]).toEqual({
      slug: expect.stringMatching(/^[a-z0-9-]+$/),
      name: expect.any(String),
      description: expect.any(String),
    });
  });
});

describe('ingest', () => {
  it('reads the sources of PAPER_SOURCES, and the second time finds nothing new', async () => {
    expect(await runJson('ingest')).toEqual({
      status: 0,
      result: { days: 8, fetched: 42, new: 42, updated: 0, rejected: 0, failures: [] },
    });
    expect((await run('ingest')).stdout).toBe('42 fetched, 0 new, 0 updated, 0 rejected\n');
  });

  it('reads a file that is named, for a day, and counts what it cannot use', async () => {
    await writeFile(file('papers.json'), JSON.stringify([dailyPaper('2601.00001'), { paper: { id: 'nothing more' } }]));
    const { status, result } = await runJson('ingest', '--file', file('papers.json'), '--date', '2026-01-05');
    expect({ status, result }).toMatchObject({ status: 0, result: { days: 1, fetched: 2, new: 1, rejected: 1 } });
    const { rows } = await sql.query("select source from listings where day = '2026-01-05'");
    expect(rows).toHaveLength(1);
  });

  it('fails on a source that cannot be read, with the reason', async () => {
    expect(await run('ingest', '--source', `file:${file('missing.json')}`)).toEqual({
      status: 1,
      stdout: '',
      stderr: `${file('missing.json')} cannot be read: there is no such file\n`,
    });
  });
});

describe('subscribers', () => {
  const unchanged = {
    language: 'en',
    pictures: false,
    leastPapers: 1,
    weekDay: 1,
    phrases: [],
    mutedPhrases: [],
    authors: [],
    categories: [],
    timezone: 'UTC',
    hour: 8,
    frequency: 'daily',
    status: 'active',
    papersPerDigest: 8,
    abstractLength: 'short',
    pausedUntil: null,
  };
  const rows = [
    'email,topics,timezone,hour,frequency',
    'ada@example.org,agents;reasoning,UTC,8,daily',
    'not an address,,,,',
    'grace@example.org,robotics,UTC,6,daily',
    'alan@example.org,astrology,,,',
  ];

  it('import takes the good rows, and tells the line and the mistake of each bad one', async () => {
    await writeFile(file('in.csv'), rows.join('\n'));
    const { status, stdout } = await run('subscribers', 'import', file('in.csv'));
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^line 3: email: .+\nline 5: topics: .*astrology.*\n2 imported, 0 there before, 2 rejected\n$/,
    );
    expect(await runJson('subscribers', 'import', file('in.csv'))).toMatchObject({
      status: 0,
      result: { imported: 0, existing: 2, rejected: [{ line: 3 }, { line: 5 }] },
    });
  });

  it('import fails where no row is good, or there is no file', async () => {
    await writeFile(file('bad.csv'), 'email\nnobody\n');
    expect((await run('subscribers', 'import', file('bad.csv'))).status).toBe(1);
    const { status, stdout, stderr } = await run('subscribers', 'import', file('missing.csv'));
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^.*missing\.csv cannot be read: .*\n$/);
  });

  it('export writes what import reads, pauses and own interests too', async () => {
    await sql.query(
      `update subscribers set phrases = $1, muted_phrases = '{blockchain}', authors = '{Y. Bengio,Ada Lovelace}', categories = '{cs.CL}'
       where email like 'ada%'`,
      [['-driving simulator', '"world; model" OR agents']],
    );
    await sql.query(
      `update subscribers set papers_per_digest = 3, abstract_length = 'full', pictures = true, least_papers = 2, week_day = 5, language = 'de', status = 'paused', paused_until = '2099-01-01'
       where email like 'grace%'`,
    );
    const { stdout } = await run('subscribers', 'export');
    expect(stdout).toBe(
      'email,topics,timezone,hour,frequency,status,papersPerDigest,abstractLength,pausedUntil,' +
        'phrases,mutedPhrases,authors,categories,pictures,leastPapers,weekDay,language\n' +
        'ada@example.org,agents;reasoning,UTC,8,daily,active,8,short,,' +
        `"'-driving simulator;""world; model"" OR agents",blockchain,Y. Bengio;Ada Lovelace,cs.CL,false,1,1,en\n` +
        'grace@example.org,robotics,UTC,6,daily,paused,3,full,2099-01-01,,,,,true,2,5,de\n',
    );
    await writeFile(file('out.csv'), stdout);
    await sql.query('truncate subscribers cascade');
    expect(await runJson('subscribers', 'import', file('out.csv'))).toMatchObject({ result: { imported: 2 } });
    const { result } = await runJson('subscribers', 'export');
    expect(result.subscribers).toEqual([
      {
        email: 'ada@example.org',
        topics: ['agents', 'reasoning'],
        ...unchanged,
        phrases: ['-driving simulator', '"world; model" OR agents'],
        mutedPhrases: ['blockchain'],
        authors: ['Y. Bengio', 'Ada Lovelace'],
        categories: ['cs.CL'],
      },
      {
        email: 'grace@example.org',
        topics: ['robotics'],
        ...unchanged,
        hour: 6,
        papersPerDigest: 3,
        abstractLength: 'full',
        status: 'paused',
        pausedUntil: '2099-01-01',
        pictures: true,
        leastPapers: 2,
        weekDay: 5,
        language: 'de',
      },
    ]);
    await sql.query(
      `update subscribers set papers_per_digest = 8, status = 'active', paused_until = null, least_papers = 1,
       phrases = '{}', muted_phrases = '{}', authors = '{}', categories = '{}'`,
    );
  });

  it('finding 15: export writes no address that a spreadsheet would carry out as a formula', async () => {
    await writeFile(file('formula.csv'), 'email\n=1+1@example.org\n');
    await run('subscribers', 'import', file('formula.csv'));
    const { stdout } = await run('subscribers', 'export');
    await writeFile(file('formula.csv'), stdout);
    await sql.query("delete from subscribers where email like '=%'");
    expect(stdout).toContain("\n'=1+1@example.org,");
    await run('subscribers', 'import', file('formula.csv'));
    const { rowCount } = await sql.query("delete from subscribers where email = '=1+1@example.org'");
    expect(rowCount).toBe(1);
  });
});

describe('plan', () => {
  const counts = async () => {
    const { rows } = await sql.query(
      'select count(*)::int as n from digests union all select count(*)::int from plans',
    );
    return rows.map(({ n }) => n);
  };

  it('--dry-run tells what it would do, and writes nothing', async () => {
    const { status, result } = await runJson('plan', '--at', morning, '--dry-run');
    expect({ status, result }).toEqual({
      status: 0,
      result: {
        at: new Date(morning).toISOString(),
        recipients: 2,
        noMatch: 0,
        papers: expect.any(Number),
        bytes: expect.any(Number),
        endsAt: null,
        yesterday: { recipients: 0 },
      },
    });
    expect(result.bytes).toBeGreaterThan(10_000);
    expect(await counts()).toEqual([0, 0]);
  });

  it('writes the digests that are due, once', async () => {
    expect(await runJson('plan', '--at', morning)).toEqual({
      status: 0,
      result: {
        at: new Date(morning).toISOString(),
        due: 2,
        planned: 2,
        noMatch: 0,
        skipped: 0,
        days: [{ day: '2026-05-30', due: 2, planned: 2, noMatch: 0 }],
      },
    });
    expect(await runJson('plan', '--at', morning)).toMatchObject({ status: 0, result: { due: 0, planned: 0 } });
    expect((await counts())[0]).toBe(2);
  });
});

describe('deliver', () => {
  it('sends what is planned, and the second time nothing', async () => {
    const none = { sent: 0, queued: 0, failed: 0, suppressed: 0, in_doubt: 0, expired: 0 };
    expect(await runJson('deliver')).toEqual({ status: 0, result: { ...none, sent: 2 } });
    expect(smtp.mails.map(({ envelope }) => envelope.to[0]).sort()).toEqual(['ada@example.org', 'grace@example.org']);
    expect(await runJson('deliver', '--until-idle')).toEqual({ status: 0, result: none });
  });
});

describe('subscribers show', () => {
  it('tells what is on record of one, and what became of their digests', async () => {
    const { status, result } = await runJson('subscribers', 'show', 'ADA@example.org');
    expect({ status, result }).toMatchObject({
      status: 0,
      result: { email: 'ada@example.org', status: 'active', topics: ['agents', 'reasoning'] },
    });
    expect(result.digests).toMatchObject([{ day: '2026-05-30', status: 'sent', attempts: 1 }]);
    const { stdout } = await run('subscribers', 'show', 'ada@example.org');
    expect(stdout).toMatch(
      /^ada@example\.org\n {2}status {6}active\n {2}signed up {3}.*\n {2}confirmed {3}.*\n {2}topics {6}agents; reasoning\n/,
    );
    expect(stdout).toMatch(/2026-05-30 {2}sent {2}\d+\u00a0papers?, 1\u00a0attempt: 250 /);
  });

  it('fails for an address that nobody has, and for what is none', async () => {
    expect(await run('subscribers', 'show', 'eve@example.org')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('There is no subscriber with this address'),
    });
    expect(await run('subscribers', 'show', 'eve')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('The address must have one @ sign'),
    });
  });
});

describe('digests', () => {
  it('lists them by status', async () => {
    const { status, result } = await runJson('digests', 'list', '--status', 'sent', '--limit', '1');
    expect({ status, result }).toMatchObject({ status: 0, result: { total: 2, digests: [{ status: 'sent' }] } });
    expect((await run('digests', 'list')).stdout).toBe('0 in all\n');
  });

  it('says what it does not send again, and why', async () => {
    const { rows } = await sql.query('select id from digests limit 1');
    const { status, result } = await runJson('digests', 'retry', rows[0].id);
    expect({ status, result }).toEqual({
      status: 1,
      result: { retried: [], refused: [{ id: rows[0].id, reason: 'it is sent' }] },
    });
    expect(await run('digests', 'retry', 'x')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/value 'x' is invalid.*digests list/),
    });
  });
});

describe('stats', () => {
  it('has exactly the shape that scripts rely on', async () => {
    expect(await runJson('stats')).toEqual({
      status: 0,
      result: {
        subscribers: { pending: 0, active: 2, paused: 0, unsubscribed: 0, bounced: 0, complained: 0 },
        papers: { total: 43, newest: day },
        digests: { queued: 0, sending: 0, sent: 2, failed: 0, suppressed: 0, in_doubt: 0, expired: 0 },
        oldestWaitingSeconds: null,
      },
    });
  });
});

describe('audit', () => {
  it('adds up the newest day', async () => {
    const { status, result } = await runJson('audit');
    expect({ status, result }).toMatchObject({
      status: 0,
      result: { day: '2026-05-30', due: 2, sent: 2, noMatch: 0, waiting: 0, balanced: true, problems: [] },
    });
  });

  it('fails where a digest is missing, and says what does not add up', async () => {
    await sql.query("update plans set due = due + 1 where day = '2026-05-30' and due > 0");
    const { status, stdout } = await run('audit', '--date', '2026-05-30');
    expect(status).toBe(1);
    expect(stdout).toContain('3 were due, but 2 planned and 0 without a match make 2');
  });
});

describe('preview', () => {
  const preview = (...args: string[]) => run('preview', '--topics', 'agents,robotics', '--date', day, ...args);

  it('prints the HTML of a digest, or its text', async () => {
    const [html, text] = await Promise.all([preview(), preview('--format', 'text')]);
    expect(html).toMatchObject({ status: 0, stderr: '' });
    expect(html.stdout).toMatch(/^<!doctype html>/i);
    expect(text.stdout).toContain('https://papers.example.org/');
    expect(text.stdout).not.toContain('<p');
  });

  it('shows what a phrase finds, and why, where no topic is given', async () => {
    const phrases = ['--phrase', 'agents -GUI', '--phrase', 'nothing like it'];
    const { status, stdout } = await run('preview', ...phrases, '--date', day, '--format', 'text');
    expect(status).toBe(0);
    expect(stdout).toContain('your phrase “agents”');
    expect(stdout).not.toContain('GUI');
  });

  it('writes a whole mail into a file, and stores and sends nothing', async () => {
    const [{ rows: before }, mails] = [await sql.query('select * from subscribers'), smtp.mails.length];
    expect(await preview('--format', 'eml', '--out', file('digest.eml'))).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    });
    const mail: ParsedMail = await simpleParser(await readFile(file('digest.eml')));
    expect(mail.from?.text).toContain('digest@example.org');
    expect(mail.html).toContain('<!doctype html>');
    expect(mail.headerLines.map(({ key }) => key)).toContain('list-unsubscribe-post');
    expect((await sql.query('select * from subscribers')).rows).toEqual(before);
    expect(smtp.mails).toHaveLength(mails);
  });
});

describe('subscribers erase', () => {
  it('deletes a subscriber, once', async () => {
    expect(await runJson('subscribers', 'erase', 'Ada@Example.org')).toEqual({ status: 0, result: { erased: true } });
    const { rows } = await sql.query('select email from subscribers');
    expect(rows).toEqual([{ email: 'grace@example.org' }]);
    expect(await run('subscribers', 'erase', 'ada@example.org')).toEqual({
      status: 1,
      stdout: '',
      stderr: 'There is no subscriber with this address\n',
    });
  });
});

describe('bounces read', () => {
  it('takes note of a complaint in a file, and says whom it is about', async () => {
    const raw = smtp.mails.find(({ envelope }) => envelope.to[0] === 'grace@example.org')?.raw.toString() ?? '';
    const unsubscribe = /^List-Unsubscribe: <(.*)>\r$/m.exec(raw)?.[1] ?? '';
    await writeFile(file('complaint.eml'), complaint('fbl@example.org', { unsubscribe }));
    const { status, result } = await runJson('bounces', 'read', file('complaint.eml'));
    expect({ status, result }).toMatchObject({
      status: 0,
      result: { kind: 'complaint', action: 'suppressed', subscriber: expect.any(Number), digest: null },
    });
    const { rows } = await sql.query('select email, status from subscribers');
    expect(rows).toEqual([{ email: 'grace@example.org', status: 'complained' }]);
  });

  it('ignores, without a failure, what is no report: a mail server would answer it', async () => {
    await writeFile(file('reply.eml'), outOfOffice('digest@example.org'));
    const { status, result } = await runJson('bounces', 'read', file('reply.eml'));
    expect({ status, result }).toMatchObject({ status: 0, result: { kind: 'other', action: 'ignored' } });
  });

  it('names a file that is not there', async () => {
    const { status, stderr } = await run('bounces', 'read', file('nothing.eml'));
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/nothing\.eml cannot be read: ENOENT/),
    });
  });
});
