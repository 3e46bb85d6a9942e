import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { useContext } from '../helpers/context.js';
import type { SmtpScript } from '../helpers/smtp-server.js';
import { account, type Cell, connections, prepare, startDelivery } from './cell.js';

const context = useContext();
const cell: Cell = { failpoint: 'after the dot', signal: 'SIGKILL', workers: 2, policy: 'resend', nth: 1 };

describe('row 24: a worker that is stopped past its lease and then goes on', () => {
  it('cannot write over what another has done meanwhile, says so, and doubles no more than it had in hand', async () => {
    await prepare(context(), cell);
    const start = async (on?: SmtpScript['on']) => {
      const started = await startDelivery(context(), { LOG_LEVEL: 'warn', LOG_FORMAT: 'json' }, on);
      return { ...started, log: text(started.program.stderr as NodeJS.ReadableStream) };
    };
    let seen = 0;
    let stop = () => {};
    const stopped = new Promise<void>((resolve) => {
      stop = resolve;
    });
    const first = await start(({ step }) => {
      if (step === 'dot' && ++seen === 20) {
        first.program.kill('SIGSTOP');
        stop();
      }
      return undefined;
    });
    try {
      await stopped;
      await sleep(200);
      const { rowCount } = await context().db.pool.query(
        `update digests set lease_until = clock_timestamp() - interval '1 second' where status = 'sending'`,
      );
      expect(rowCount).toBeGreaterThan(0);
      const second = await start();
      await second.ended;
      first.program.kill('SIGCONT');
      await first.ended;
      expect(await first.log).toContain('outcome not recorded: the claim had passed to another worker');
      const { lost, doubled } = await account(context(), cell, [...first.server.mails, ...second.server.mails]);
      await second.server.close();
      expect(lost).toBe(0);
      expect(doubled).toBeLessThanOrEqual(connections);
    } finally {
      first.program.kill('SIGKILL');
      await first.server.close();
    }
  });
});
