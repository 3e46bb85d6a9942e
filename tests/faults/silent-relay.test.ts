import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { useContext } from '../helpers/context.js';
import type { SmtpScript } from '../helpers/smtp-server.js';
import { account, type Cell, prepare, startDelivery } from './cell.js';

const context = useContext();
const cell: Cell = { failpoint: 'after the dot', signal: 'SIGTERM', workers: 2, policy: 'hold', nth: 1 };

/** With `--rounds` there is time to wait for as long as RFC 5321 says; else the relay ends the connection once a claim could have been stolen. */
const isLongRun = Number(process.env['FAULT_ROUNDS'] ?? 0) > 0;
/** Longer than a claim holds that nobody renews. */
const pastTheLeaseMs = 75_000;

describe('row 4: a relay that is silent after the final dot', { timeout: isLongRun ? 900_000 : 180_000 }, () => {
  it('is waited for, while nobody else takes the digest; then it is in doubt', async () => {
    await prepare(context(), cell);
    const start = (on?: SmtpScript['on']) => startDelivery(context(), { IN_DOUBT: 'hold', LOG_LEVEL: 'fatal' }, on);
    let seen = 0;
    const first = await start(({ step }) =>
      step === 'dot' && ++seen === 10 ? { next: 'silence', keep: true } : undefined,
    );
    const open = () =>
      context().db.prisma.digest.findMany({
        where: { status: { in: ['queued', 'sending'] } },
        select: { id: true, attempts: true },
      });
    try {
      while ((await open()).length > 1) await sleep(200);
      const [waiting] = await open();
      const second = await start();
      await sleep(pastTheLeaseMs);
      expect(await open()).toEqual([waiting]);
      expect(second.server.mails).toEqual([]);
      if (!isLongRun) first.server.dropConnections();
      await Promise.all([first.ended, second.ended]);
      await second.server.close();
      expect(await account(context(), cell, first.server.mails)).toMatchObject({ lost: 0, doubled: 0, inDoubt: 1 });
      const digest = await context().db.prisma.digest.findUniqueOrThrow({ where: { id: waiting?.id ?? '' } });
      expect(digest).toMatchObject({ status: 'in_doubt', attempts: 1 });
      expect(digest.lastReply).toContain(isLongRun ? 'No reply within 600 s' : 'Connection closed');
    } finally {
      first.program.kill('SIGKILL');
      await first.server.close();
    }
  });
});
