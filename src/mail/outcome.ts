/** What became of one attempt to hand a mail to a server. */
export type Outcome = Sent | Rejected | NotSent | InDoubt;

/** The server has taken the mail, and with it the responsibility (RFC 5321 §4.2.5). */
export interface Sent {
  kind: 'sent';
  reply: string;
}

/** The server has refused this mail, so it has not been delivered; other mails may well go through. */
export interface Rejected {
  kind: 'rejected';
  /** Whose fault it is: the recipient's mailbox, or the mail itself (its sender, content or size, or a policy). */
  scope: 'recipient' | 'message';
  permanent: boolean;
  /** The reply code; 552, without a reply, where the mail is larger than the server said it takes. */
  code: number;
  /** The enhanced status code (RFC 3463), like "5.1.1". */
  enhanced: string | null;
  reply: string;
}

/** Nothing was accepted, and that through no fault of the recipient or the mail: safe to try again. */
export interface NotSent {
  kind: 'not-sent';
  /** What to leave alone for a while: this connection, the recipient's domain too, or the whole relay. */
  scope: 'connection' | 'domain' | 'relay';
  reply: string;
}

/** The last byte was handed over and no valid final reply came: the mail may have been delivered, or not. */
export interface InDoubt {
  kind: 'in-doubt';
  reply: string;
}

/** What a reply of the server answers to. */
export type Stage = 'greeting' | 'ehlo' | 'starttls' | 'auth' | 'mail' | 'rcpt' | 'data' | 'dot';

/** A reply code and, where there is one, the enhanced status code; Cisco's gateways write "550 #5.1.0 …". */
const replyCodes = /^([2-5]\d\d)(?![^\s-])(?:[ -]+#?([245]\.\d{1,3}\.\d{1,3})(?![\d.]))?/;

const longestReply = 500;

/** Where an x.2.2 (mailbox full) stands among the codes, 5yz or not: it passes. */
const mailboxFull = '2.2';

/**
 * Says what a reply means, given the command that it answers. Sources: RFC 5321 §4.2 (reply codes), RFC 3463 and its
 * registry (enhanced status codes), RFC 4954 §6 (authentication), Amazon SES ("454 Throttling failure").
 */
export function classifyReply(stage: Stage, text: string): Outcome {
  const reply = oneLine(text);
  const [, digits, enhanced = null] = replyCodes.exec(text) ?? [];
  if (digits === undefined) return withoutReply(stage, reply);
  const code = Number(digits);
  if (stage === 'dot' && code < 300) return { kind: 'sent', reply };
  if (code < 400) return withoutReply(stage, reply);
  const scope = scopeOf(stage, code, enhanced);
  if (scope === 'connection' || scope === 'domain' || scope === 'relay') return { kind: 'not-sent', scope, reply };
  const permanent = code >= 500 && !isMailboxFull(stage, code, enhanced);
  return { kind: 'rejected', scope, permanent, code, enhanced, reply };
}

/** Says what follows when the connection ends, or the wait for it, without a reply. */
export function withoutReply(stage: Stage, what: string): NotSent | InDoubt {
  const reply = oneLine(what);
  if (stage === 'dot') return { kind: 'in-doubt', reply };
  return { kind: 'not-sent', scope: isOpening(stage) ? 'relay' : 'connection', reply };
}

type Scope = NotSent['scope'] | Rejected['scope'];

function scopeOf(stage: Stage, code: number, enhanced: string | null): Scope {
  if (isOpening(stage)) return 'relay';
  // Before the server knows the recipient, it can only mean the connection: one that was idle, or has carried enough.
  if (code === 421) return stage === 'mail' ? 'connection' : 'domain';
  if (code === 454 || code === 530 || code === 534 || code === 535 || code === 538) return 'relay';
  // Our sender is the same in every mail; its size (RFC 1870 §6.1) is a mail's own.
  if (stage === 'mail') return code === 552 ? 'message' : 'relay';
  const byEnhanced = enhanced === null ? null : scopeByEnhanced(stage, enhanced);
  return byEnhanced ?? scopeByCode(stage, code);
}

/** A server that refuses at the greeting, EHLO, STARTTLS or AUTH refuses all mail. */
function isOpening(stage: Stage): boolean {
  return stage === 'greeting' || stage === 'ehlo' || stage === 'starttls' || stage === 'auth';
}

function scopeByEnhanced(stage: Stage, enhanced: string): Rejected['scope'] | null {
  const [level, subject, detail] = enhanced.split('.');
  switch (subject) {
    case '1':
      // x.1.7 and x.1.8: the sender's address.
      return detail === '7' || detail === '8' ? 'message' : 'recipient';
    case '2':
      return detail === '3' ? 'message' : 'recipient';
    case '4':
      // Routing to the recipient's domain; Exchange Online replies 5.4.1 where there is no such recipient.
      return 'recipient';
    case '7':
      // Greylisting is about this recipient, a policy that refuses for good is not.
      return level === '4' && stage === 'rcpt' ? 'recipient' : 'message';
    case '3':
    case '5':
    case '6':
      return 'message';
    default:
      return null;
  }
}

/** Before the mail is handed over, RFC 5321 §4.3.2 leaves these for the mailbox; after it, all are about the mail. */
function scopeByCode(stage: Stage, code: number): Rejected['scope'] {
  const aboutMailbox = code < 500 || code === 521 || code === 556 || (code >= 550 && code <= 553);
  return stage === 'rcpt' && aboutMailbox ? 'recipient' : 'message';
}

function isMailboxFull(stage: Stage, code: number, enhanced: string | null): boolean {
  return enhanced === null ? stage === 'rcpt' && code === 552 : enhanced.endsWith(`.${mailboxFull}`);
}

/** Servers like to repeat the address; logs and records are to hold none in full. */
function oneLine(text: string): string {
  return maskAddresses(text.slice(0, 4 * longestReply));
}

/** What a server said, on one line of some length, with addresses made unreadable. */
export function maskAddresses(text: string): string {
  const masked = text.replace(/([^\s<>@])[^\s<>@]*@(?=[^\s<>@])/g, '$1…@');
  // No database takes a NUL.
  return masked.replaceAll('\0', '').replace(/\s+/g, ' ').trim().slice(0, longestReply);
}

/** How servers write an at sign in what they repeat: as it is, in URLs, encoded words, HTML, full width, or as a word. */
const atSigns = String.raw`\s*(?:@|%40|=40|＠|&#64;|&commat;|[[(<{]\s*at\s*[\])>}]|\sat\s)\s*`;

/** A reply with the address of the recipient that the mail was for made unreadable, however the server writes it. */
export function maskRecipient(reply: string, address: string): string {
  const local = address.slice(0, address.lastIndexOf('@'));
  if (local === '' || !reply.toLowerCase().includes(local.toLowerCase())) return reply;
  const written = local.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const pattern = new RegExp(`(?<![\\w.])["']?${written}["']?${atSigns}`, 'gi');
  return reply.replace(pattern, () => `${local.charAt(0)}…@`);
}
