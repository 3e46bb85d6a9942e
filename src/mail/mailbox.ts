import { chmod, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config.js';
import { UserError } from '../errors.js';
import { openSocket } from './socket.js';

/** The local mailbox: an SMTP server that delivers nothing, and a web page that shows what it caught. */
export interface LocalMailbox {
  smtpPort: number;
  webPort: number;
  /** Whether this process runs it; false: it has joined the one of another process. */
  owned: boolean;
  close(): Promise<void>;
}

const host = '127.0.0.1';
const mostMails = 500;
const probeMs = 1_000;
/** How long other processes may take to end their SMTP connections. */
const closeMs = 2_000;

/**
 * Opens the local mailbox, or joins the one that another process of the same set-up runs. Mails are kept under the data
 * directory, the newest 500.
 * @throws UserError when a port is taken by another program
 */
export async function openMailbox(config: Pick<Config, 'mailbox' | 'database'>): Promise<LocalMailbox> {
  const { port, smtpPort } = config.mailbox;
  try {
    return await startMailbox(config);
  } catch (error) {
    const { code, port: taken } = error as NodeJS.ErrnoException & { port?: number };
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
    if (await answersAsMailbox(port, smtpPort)) {
      return { smtpPort, webPort: port, owned: false, close: async () => {} };
    }
    const name = taken === smtpPort ? `MAILBOX_SMTP_PORT ${smtpPort}` : `MAILBOX_PORT ${port}`;
    throw new UserError(
      code === 'EACCES'
        ? `${name} may not be used by this account: set it to a port above 1023`
        : `${name} is taken by another program: set it to a free port, or set SMTP_URL to send real mail`,
    );
  }
}

/**
 * MailDev's own class would print the address it listens on; its parts do not. Loaded when needed: it takes a second.
 * The web page comes first, so that whoever finds its port taken finds it answering, too.
 */
async function startMailbox({ mailbox, database }: Pick<Config, 'mailbox' | 'database'>): Promise<LocalMailbox> {
  const [{ FileStorage }, { createSMTPServer }, { createAPIServer }, { registerUI }] = await Promise.all([
    import('@maildev/core'),
    import('@maildev/smtp'),
    import('@maildev/api'),
    import('@maildev/ui/server'),
  ]);
  const mailDir = join(database.dataDir, 'mailbox');
  const refuseDataDir = (error: NodeJS.ErrnoException) => {
    throw new UserError(
      `DATA_DIR ${resolve(database.dataDir)} cannot keep mails (${error.message}): set it to a folder that can be written`,
    );
  };
  // The mails hold live links.
  await mkdir(mailDir, { recursive: true, mode: 0o700 }).catch(refuseDataDir);
  await chmod(mailDir, 0o700).catch(refuseDataDir);
  const storage = new FileStorage({ mailDirectory: mailDir, maxEmails: mostMails });
  await storage.initialize().catch(refuseDataDir);
  const smtp = createSMTPServer({ port: mailbox.smtpPort, host, storage, mailDir, logger: false });
  const web = createAPIServer({ storage, smtp, cors: { origin: false } });
  const stop = async () => {
    const stopped = Promise.allSettled([web.stop(), smtp.stop()]);
    await Promise.race([stopped, sleep(closeMs, undefined, { ref: false })]);
    await storage.close();
  };
  try {
    await web.registerPlugins();
    await registerUI(web.server);
    // A page of elsewhere whose name is made to lead here (DNS rebinding) asks under its own name.
    web.server.addHook('onRequest', async (request, reply) => {
      if (!['localhost', host, '[::1]'].includes(request.hostname.replace(/:\d+$/, '')))
        await reply.code(403).send({ error: 'This mailbox answers to localhost only' });
    });
    const webAddress = await web.server.listen({ host, port: mailbox.port });
    await smtp.start();
    await smtp.pruneMailDir(mostMails);
    await smtp.loadMailsFromDirectory();
    return { smtpPort: smtp.getPort(), webPort: Number(new URL(webAddress).port), owned: true, close: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Whether both ports are those of a mailbox like ours. */
async function answersAsMailbox(webPort: number, smtpPort: number): Promise<boolean> {
  try {
    const response = await fetch(`http://${host}:${webPort}/api/config`, { signal: AbortSignal.timeout(probeMs) });
    const answer: unknown = await response.json();
    if (typeof answer !== 'object' || answer === null || !('isOutgoingEnabled' in answer)) return false;
    const socket = await openSocket(host, smtpPort, probeMs);
    socket.destroy();
    return true;
  } catch {
    return false;
  }
}
