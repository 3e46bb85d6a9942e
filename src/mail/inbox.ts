import { ImapFlow } from 'imapflow';
import { UserError } from '../errors.js';
import type { Secret } from '../secret.js';
import { decode, hostOf, loginOf, requiresTls } from './relay.js';

/** An IMAP folder that reports on our mail come in to. It is to be of no other use: what was read is marked as seen. */
export interface Inbox {
  host: string;
  port: number;
  /** TLS from the first byte (imaps); otherwise STARTTLS where it is offered. */
  secure: boolean;
  /** Refuse to log in without TLS. */
  requireTls: boolean;
  login: { user: string; password: Secret<string> };
  folder: string;
}

/** What is looked at of a mail: reports hold a few kB, and the mail that came back. */
const longestMail = 1_000_000;
const timeoutMs = 30_000;

/**
 * Reads the address of an inbox, `imaps://user:password@imap.example.org/INBOX` (RFC 5092): without a port it is 993 for imaps
 * and 143 for imap, without a folder INBOX. About TLS it is as with a relay.
 */
export function parseInbox(address: Secret<string>): Inbox {
  const url = new URL(address.reveal());
  const secure = url.protocol === 'imaps:';
  return {
    host: hostOf(url),
    port: Number(url.port) || (secure ? 993 : 143),
    secure,
    requireTls: requiresTls(url),
    login: loginOf(url),
    folder: decode(url.pathname.slice(1)) || 'INBOX',
  };
}

/** The inbox for a log or an error: without its user and password. */
export function nameInbox({ host, port, secure, folder }: Inbox): string {
  return `${secure ? 'imaps' : 'imap'}://${host.includes(':') ? `[${host}]` : host}:${port}/${folder}`;
}

/**
 * Hands each mail that is not marked as seen to `take`, oldest first, and marks it where that is true: any other is handed over
 * again the next time.
 * @param most how many at the most
 * @param signal when aborted, it ends after the mail in hand
 * @throws UserError when the inbox cannot be read
 */
export async function readInbox(
  inbox: Inbox,
  most: number,
  signal: AbortSignal,
  take: (raw: Buffer) => Promise<boolean>,
): Promise<void> {
  const { host, port, secure, requireTls, login, folder } = inbox;
  const client = new ImapFlow({
    host,
    port,
    secure,
    ...(!secure && requireTls && { doSTARTTLS: true }),
    auth: { user: login.user, pass: login.password.reveal() },
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    logger: false,
  });
  // Without a listener it would end the process; the command in hand fails all the same.
  client.on('error', () => {});
  const ask = async <Answer>(what: Promise<Answer>) => what.catch((error: unknown) => fail(inbox, error));
  try {
    await ask(client.connect());
    await ask(client.mailboxOpen(folder));
    const unseen = (await ask(client.search({ seen: false }, { uid: true }))) || [];
    for (const uid of unseen.slice(0, most)) {
      if (signal.aborted) break;
      const mail = await ask(client.fetchOne(`${uid}`, { source: { maxLength: longestMail } }, { uid: true }));
      if (mail !== false && mail.source && (await take(mail.source)))
        await ask(client.messageFlagsAdd(`${uid}`, ['\\Seen'], { uid: true }));
    }
    await client.logout().catch(() => {});
  } finally {
    client.close();
  }
}

function fail(inbox: Inbox, error: unknown): never {
  const { message, responseText } = error as Error & { responseText?: string };
  throw new UserError(`${nameInbox(inbox)} cannot be read: ${responseText ?? message}`);
}
