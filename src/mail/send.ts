import type { Logger } from '../log.js';
import { buildMessage, type Message } from './message.js';
import type { Rejected, Sent } from './outcome.js';
import { openSmtpConnection, type Relay, type SmtpTimeouts } from './smtp.js';

/**
 * Sends one mail over a connection of its own: for what goes out now and then, not for digests.
 * @param bounceAddress envelope sender; null: the From address
 * @returns that it was sent, or that its recipient was refused for good
 * @throws Error on anything else, so that whoever called tries again
 */
export async function sendMail(
  relays: readonly Relay[],
  log: Pick<Logger, 'warn'>,
  message: Message,
  bounceAddress: string | null = null,
  timeouts: Partial<SmtpTimeouts> = {},
): Promise<Sent | Rejected> {
  const raw = await buildMessage(message);
  const connection = openSmtpConnection(relays, log, timeouts);
  try {
    const outcome = await connection.send({ from: bounceAddress ?? message.from.address, to: message.to }, raw);
    if (outcome.kind === 'sent') return outcome;
    if (outcome.kind === 'rejected' && outcome.scope === 'recipient' && outcome.permanent) return outcome;
    throw new Error(`Mail ${message.messageId} was not sent (${outcome.kind}): ${outcome.reply}`);
  } finally {
    await connection.close();
  }
}
