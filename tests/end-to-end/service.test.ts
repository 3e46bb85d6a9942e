import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startSmtpServer } from '../helpers/smtp-server.js';
import { useInstallation } from './offprint.js';

const installation = useInstallation();

/** Whether a process of that id is there. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The process that serves the embedded database. */
async function postgresPid(): Promise<number> {
  const [first] = (await readFile(join(installation().dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n');
  return Number(first);
}

describe('a service that is stopped', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('by %s ends within 10 s, and PostgreSQL with it', async (signal) => {
    const service = await installation().start();
    const pid = await postgresPid();
    expect(isRunning(pid)).toBe(true);
    const { code, ms } = await service.stop(signal);
    expect(code).toBe(0);
    expect(ms).toBeLessThan(10_000);
    expect(isRunning(pid)).toBe(false);
  });

  it('by kill -9 starts again as if nothing had been, with all that was written', async () => {
    const first = await installation().start();
    const body = JSON.stringify({ email: 'grace@example.org' });
    const headers = { 'content-type': 'application/json' };
    expect((await fetch(`${first.webUrl}/subscribe`, { method: 'POST', headers, body })).status).toBe(202);
    await first.stop('SIGKILL');
    const second = await installation().start();
    expect(second.readyMs).toBeLessThan(10_000);
    expect(JSON.parse(await installation().run('stats', '--json')).subscribers.pending).toBe(1);
    const pid = await postgresPid();
    await second.stop();
    expect(isRunning(pid)).toBe(false);
  });

  it('answers no request with an error on its way: the doors close first, also where a relay keeps it busy', async () => {
    const relay = await startSmtpServer({ on: () => ({ next: 'silence' }) });
    const service = await installation().start({ SMTP_URL: relay.url });
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ email: 'alan@example.org' });
    await fetch(`${service.webUrl}/subscribe`, { method: 'POST', headers, body });
    await expect.poll(() => relay.connections()).toBeGreaterThan(0);
    let ended = false;
    const stopping = service.stop('SIGTERM').finally(() => {
      ended = true;
    });
    const answers = new Set<number | string>();
    while (!ended)
      answers.add(
        await fetch(service.webUrl).then(
          ({ status }) => status,
          () => 'refused',
        ),
      );
    const { code, ms } = await stopping;
    await relay.close();
    expect({ code, inTime: ms < 10_000 }).toEqual({ code: 0, inTime: true });
    expect([...answers].filter((answer) => answer !== 200)).toEqual(['refused']);
  });
});
