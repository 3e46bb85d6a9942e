import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../helpers/program.js';

describe('demo --once', () => {
  it('delivers three different digests, and leaves nothing behind', async () => {
    const env = { PORT: '0', MAILBOX_PORT: '0', MAILBOX_SMTP_PORT: '0', TMPDIR: tmpdir() };
    const began = performance.now();
    const { status, stdout, stderr } = await runProgram(['demo', '--once'], env);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(performance.now() - began).toBeLessThan(60_000);
    expect(stdout).toMatch(/^Sent 3 digests into the local mailbox:\n/);
    const digests = [...stdout.matchAll(/^ {2}(\S+@\S+): (\d+) papers, first “(.+)”$/gm)];
    expect(digests.map(([, email]) => email)).toEqual(['ada@example.org', 'grace@example.org', 'alan@example.org']);
    expect(new Set(digests.map(([, , , first]) => first)).size).toBe(3);
    expect((await readdir(tmpdir())).filter((name) => name.startsWith('offprint-demo-'))).toEqual([]);
  }, 60_000);
});
