import { describe, expect, it } from 'vitest';
import { runProgram } from '../helpers/program.js';

const run = (...args: string[]) => runProgram(args, {});

describe.concurrent('--help', () => {
  it.each([
    ['start', '--only <role>', '--workers <number>'],
    ['migrate', '--json'],
    ['ingest', '--source <source>', '--date <day>', '--file <path>', '--json'],
    ['plan', '--at <time>', '--dry-run', '--json'],
    ['deliver', '--until-idle', '--json'],
    [
      'preview',
      '--topics <slugs>',
      '--phrase <phrase>',
      '--date <day>',
      '--format <format>',
      '--papers <number>',
      '--length <length>',
      '--out <file>',
    ],
    ['subscribers import', '<file>', '--json'],
    ['subscribers export', '--json'],
    ['subscribers show', '<email>', '--json'],
    ['subscribers erase', '<email>', '--json'],
    ['subscribers revoke', '<email>', '--json'],
    ['topics list', '--json'],
    ['suppressions list', '--limit <n>', '--json'],
    ['suppressions release', '<email>', '--json'],
    ['bounces read', '<file>', '--json'],
    ['digests list', '--status <status>', '--limit <n>', '--json'],
    ['digests retry', '<id...>', '--json'],
    ['stats', '--json'],
    ['audit', '--date <day>', '--json'],
    ['bench', '--subscribers <number>', '--json'],
    ['demo', '--once'],
  ])('of %s tells its options on standard output', async (command, ...told) => {
    const { status, stdout, stderr } = await run(...command.split(' '), '--help');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain(`Usage: offprint ${command} `);
    for (const option of told) expect(stdout).toContain(option);
  });

  it('of the program names each command', async () => {
    const { status, stdout } = await run('--help');
    expect(status).toBe(0);
    const named = stdout
      .split('Commands:\n')[1]
      ?.match(/^ {2}[a-z]+/gm)
      ?.map((name) => name.trim());
    expect(named).toEqual(
      'start migrate ingest plan deliver preview subscribers topics suppressions bounces digests stats audit doctor bench demo help'.split(
        ' ',
      ),
    );
  });
});

describe.concurrent('a wrong call', () => {
  it.each([
    ['an unknown command', 'stat', "unknown command 'stat'", 'offprint --help'],
    ['an unknown part of a command', 'subscribers list', "unknown command 'list'", 'offprint subscribers --help'],
    ['an unknown option', 'stats --jsn', "unknown option '--jsn'", 'offprint stats --help'],
    [
      'a missing argument',
      'subscribers import',
      "missing required argument 'file'",
      'offprint subscribers import --help',
    ],
    ['a time without its offset', 'plan --at 2026-02-04T08:00', 'like 2026-02-04T08:00:00Z', 'offprint plan --help'],
    ['a source of no kind', 'ingest --source arxiv', 'arxiv:cs.CL+cs.LG', 'offprint ingest --help'],
    ['two sources', 'ingest --source huggingface --file f.json', 'cannot be used with', 'offprint ingest --help'],
    [
      'a topic that there is not',
      'preview --topics agents,astrology',
      'offprint topics list',
      'offprint preview --help',
    ],
    ['a phrase that makes no sense', 'preview --phrase=-driving', 'only excludes', 'offprint preview --help'],
    ['a role that there is not', 'start --only cook', 'web, worker, clock', 'offprint start --help'],
  ])('(%s) is answered with status 2 and what would be right', async (_, call, told, help) => {
    const { status, stdout, stderr } = await run(...call.split(' '));
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(told);
    expect(stderr).toContain(`(${help} tells more)`);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  it('without a command shows the commands, with status 2', async () => {
    const { status, stdout, stderr } = await run();
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain('Usage: offprint [options] [command]');
  });
});

describe('a wrong environment', () => {
  it('stops a command with a line for each variable, status 1, and nothing on standard output', async () => {
    const env = { PORT: 'http', DATABASE_URL: 'mysql://me:hush@localhost/x' };
    expect(await runProgram(['stats', '--json'], env)).toEqual({
      status: 1,
      stdout: '',
      stderr:
        'DATABASE_URL must be a PostgreSQL address, like postgresql://user:password@localhost:5432/offprint\n' +
        'PORT must be a whole number, like 3000\n',
    });
  });

  it('names the database that it cannot reach', async () => {
    const { status, stdout, stderr } = await runProgram(['stats', '--json'], {
      DATABASE_URL: 'postgresql://me:hush@127.0.0.1:1/papers',
      SECRET_KEY: 'a-key-of-16-characters-or-more',
    });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toBe(
      'DATABASE_URL: the database papers at 127.0.0.1:1 cannot be reached: connect ECONNREFUSED 127.0.0.1:1\n',
    );
  });
});
