import type { Logger } from '../log.js';
import type { NotSent, Outcome } from './outcome.js';
import { nameRelay, type Relay } from './relay.js';
import { type Envelope, openSession, SmtpSession, type SmtpTimeouts } from './session.js';

export type { Envelope, Relay, SmtpTimeouts };

/** A connection that carries one mail after the other. */
export interface SmtpConnection {
  /**
   * Sends one mail; one at a time. Never throws: where no relay can be reached, nothing was sent. Connects when it has
   * to: the first time, and after the server has closed the connection.
   */
  send(envelope: Envelope, raw: Buffer): Promise<Outcome>;
  /** Says QUIT and closes. */
  close(): Promise<void>;
}

const seconds = 1_000;

/** RFC 5321 §4.5.3.2 for the last; a relay of one's own answers the others far sooner than it allows. */
const usualTimeouts: SmtpTimeouts = {
  connect: 30 * seconds,
  greeting: 30 * seconds,
  command: 60 * seconds,
  data: 180 * seconds,
  final: 600 * seconds,
};

/** Makes a connection to the first of the relays that can be reached. It opens with the first mail. */
export function openSmtpConnection(
  relays: readonly Relay[],
  log: Pick<Logger, 'warn'>,
  timeouts: Partial<SmtpTimeouts> = {},
): SmtpConnection {
  let session: SmtpSession | null = null;

  const connect = async (): Promise<SmtpSession | NotSent> => {
    let failure: NotSent = { kind: 'not-sent', scope: 'relay', answer: 'There is no relay' };
    for (const relay of relays) {
      const opened = await openSession(relay, { ...usualTimeouts, ...timeouts });
      if (opened instanceof SmtpSession) {
        session = opened;
        return opened;
      }
      failure = opened;
      log.warn({ relay: nameRelay(relay), answer: opened.answer }, 'relay cannot be used');
    }
    return failure;
  };

  const sendAnew = async (envelope: Envelope, raw: Buffer): Promise<Outcome> => {
    const opened = await connect();
    return opened instanceof SmtpSession ? opened.send(envelope, raw) : opened;
  };

  return {
    async send(envelope, raw) {
      if (!session?.usable) return sendAnew(envelope, raw);
      const outcome = await session.send(envelope, raw);
      // Servers close connections that have been idle, or that have carried enough: that is no failure.
      const closed = outcome.kind === 'not-sent' && outcome.scope === 'connection';
      return closed ? sendAnew(envelope, raw) : outcome;
    },
    async close() {
      await session?.quit();
    },
  };
}
