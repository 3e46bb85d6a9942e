import type { Logger } from '../log.js';
import type { NotSent, Outcome } from './outcome.js';
import { nameRelay, type Relay } from './relay.js';
import { type Envelope, openSession, SmtpSession, type SmtpTimeouts } from './session.js';

export type { Envelope, Relay, SmtpTimeouts };

/** A connection that carries one mail after the other. */
export interface SmtpConnection {
  /** Connects, where it is not connected: to be asked before a mail is taken in hand. @returns null, or why no relay takes mail */
  ready(): Promise<NotSent | null>;
  /**
   * Sends one mail; one at a time. Where no relay can be reached, nothing was sent. Connects when it has to: the first
   * time, and after the server has closed the connection.
   * @param raw as `SmtpSession.send` takes it
   * @throws Error where an address could end its command; nothing was sent
   */
  send(envelope: Envelope, raw: Buffer): Promise<Outcome>;
  /** Says QUIT and closes. */
  close(): Promise<void>;
}

const seconds = 1_000;

/** RFC 5321 §4.5.3.2 for the last; to the others a relay of one's own replies far sooner than it allows. */
const usualTimeouts: SmtpTimeouts = {
  connect: 30 * seconds,
  greeting: 30 * seconds,
  command: 60 * seconds,
  data: 180 * seconds,
  final: 600 * seconds,
};

/**
 * Makes a connection to the first of the relays that takes mail. It opens with the first mail, and stays with the relay
 * that took it for as long as that one does.
 */
export function openSmtpConnection(
  relays: readonly Relay[],
  log: Pick<Logger, 'warn'>,
  timeouts: Partial<SmtpTimeouts> = {},
): SmtpConnection {
  let session: SmtpSession | null = null;

  const open = async (relay: Relay): Promise<NotSent | null> => {
    const opened = await openSession(relay, { ...usualTimeouts, ...timeouts });
    session = opened instanceof SmtpSession ? opened : null;
    if (opened instanceof SmtpSession) return null;
    log.warn({ relay: nameRelay(relay), reply: opened.reply }, 'relay takes no mail');
    return opened;
  };

  const sendAnew = async (candidates: readonly Relay[], failure: NotSent, mail: [Envelope, Buffer]) => {
    let outcome: Outcome = failure;
    for (const relay of candidates) {
      outcome = (await open(relay)) ?? (await session?.send(...mail)) ?? outcome;
      if (outcome.kind !== 'not-sent') return outcome;
      if (session) log.warn({ relay: nameRelay(relay), reply: outcome.reply }, 'relay takes no mail');
    }
    return outcome;
  };

  const none: NotSent = { kind: 'not-sent', scope: 'relay', reply: 'There is no relay' };
  return {
    async ready() {
      let failure: NotSent | null = session?.usable ? null : none;
      for (const relay of failure ? relays : []) {
        failure = await open(relay);
        if (!failure) break;
      }
      return failure;
    },
    async send(...mail) {
      if (!session?.usable) return sendAnew(relays, none, mail);
      const { relay } = session;
      const outcome = await session.send(...mail);
      if (outcome.kind !== 'not-sent') return outcome;
      // Servers close connections that have been idle, or that have carried enough: that is no failure.
      const candidates = outcome.scope === 'relay' ? relays.filter((other) => other !== relay) : relays;
      return sendAnew(candidates, outcome, mail);
    },
    async close() {
      await session?.quit();
    },
  };
}
