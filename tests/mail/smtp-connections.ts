import { afterEach } from 'vitest';
import { parseRelay, type Relay } from '../../src/mail/relay.js';
import { openSmtpConnection, type SmtpConnection, type SmtpTimeouts } from '../../src/mail/smtp.js';
import { Secret } from '../../src/secret.js';
import { type SmtpReaction, type SmtpScript, type SmtpStep, startSmtpServer } from '../helpers/smtp-server.js';

const envelope = { from: 'bounce@example.org', to: 'ada@example.org' };
const plenty: SmtpTimeouts = { connect: 5_000, greeting: 5_000, command: 5_000, data: 5_000, final: 5_000 };

/** What a test has started; closed after it, the last first. */
export const started: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of started.splice(0).reverse()) await each.close();
});

/** A mail, told from others by its number; `size` octets longer, roughly. */
export function mail(number = 1, size = 0): Buffer {
  const filling = `${'x'.repeat(60)}\r\n`.repeat(size / 62);
  return Buffer.from(`Message-ID: <${number}@example.org>\r\n\r\nHello.\r\n${filling}`);
}

export async function serve(script: SmtpScript = {}) {
  const server = await startSmtpServer(script);
  started.push(server);
  return server;
}

/** A connection with timeouts that only a broken test reaches, but for those given; and what it warned of. */
export function connect(relays: Relay[], timeouts: Partial<SmtpTimeouts> = {}) {
  const warnings: string[] = [];
  const log = { warn: (line: object) => warnings.push((line as { reply: string }).reply) };
  const connection: SmtpConnection = openSmtpConnection(relays, log, { ...plenty, ...timeouts });
  started.push(connection);
  return { send: (raw = mail(), to = envelope.to) => connection.send({ ...envelope, to }, raw), connection, warnings };
}

/** A server that reacts like that at one step, and a connection to it. */
export async function reacting(step: SmtpStep, reaction: SmtpReaction, timeouts: Partial<SmtpTimeouts> = {}) {
  const server = await serve({ on: (moment) => (moment.step === step ? reaction : undefined) });
  return { server, ...connect([server.relay], timeouts) };
}

export const relayAt = (address: string) => parseRelay(new Secret(address));
