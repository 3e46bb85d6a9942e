import { domainToASCII } from 'node:url';
import type { TextKey } from '../languages/texts.js';

declare const brand: unique symbol;

/** One strict addr-spec: local part as typed, domain lower-cased and in A-labels. Only `parseAddress` makes one. */
export type Address = string & { readonly [brand]: true };

export type ParsedAddress = { ok: true; address: Address } | { ok: false; reason: TextKey };

const atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const dotAtom = new RegExp(`^${atom}(\\.${atom})*$`);
/** Addresses that belong to whoever runs a server (RFC 2142 §4 and 5, RFC 5321 §4.5.1), or to a program. */
const roleNames = new Set(
  'abuse hostmaster mailer-daemon no-reply noc noreply postmaster root security usenet uucp webmaster'.split(' '),
);
const label = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
/** Spaces, controls, unassigned code points, and what is invisible or turns the direction of the text. */
const invisible = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u;
/** Of ASCII only letters, digits, dots and hyphens: the rest would be read as parts of a URL. */
const domainCharacters = /^[a-z0-9.\-\u0080-\u{10ffff}]+$/iu;

/**
 * Reads one mail address: a dot-atom, an at sign and a domain with at least one dot (RFC 5321 §4.1.2 without quoted
 * local parts and address literals; limits of §4.5.3.1). Whatever a mail program could read as more than one mailbox, or
 * as another one, is refused, so that an address can be handed on as it stands.
 * @returns the address, or the reason against it, as a text
 */
export function parseAddress(text: string): ParsedAddress {
  if (text === '') return refused('check.email');
  if (invisible.test(text)) return refused('check.email.invisible');
  const [local = '', domain, ...more] = text.split('@');
  if (domain === undefined || more.length > 0) return refused('check.email.at');
  if (!dotAtom.test(local)) return refused(reasonAgainstLocalPart(local));
  if (/[%!]/.test(local)) return refused('check.email.ways');
  if (roleNames.has(untagged(local.toLowerCase()))) return refused('check.email.role');
  if (local.length > 64) return refused('check.email.longLocal');
  const ascii = domainCharacters.test(domain) ? domainToASCII(domain) : '';
  if (!isMailDomain(ascii)) return refused('check.email.domain');
  const address = `${local}@${ascii}`;
  if (address.length > 254) return refused('check.email.long');
  return { ok: true, address: address as Address };
}

/** What makes two addresses the same: nobody who runs a mail server today tells upper from lower case. */
export function emailKey(address: Address): string {
  return address.toLowerCase();
}

/** The domain of a stored address, in A-labels and lower case. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}

/** Providers that ignore dots in a local part, and by which name. https://support.google.com/mail/answer/7436150 */
const dotless: Record<string, string> = { 'gmail.com': 'gmail.com', 'googlemail.com': 'gmail.com' };

/**
 * The mailbox that an address most likely leads to, in lower case: without a tag ("ada+papers" is "ada"), and without the dots
 * that Gmail ignores. For counting mails to it, never for sending.
 */
export function mailboxKey(address: Address): string {
  const [local = '', domain = ''] = emailKey(address).split('@');
  const provider = dotless[domain];
  return provider ? `${untagged(local).replaceAll('.', '')}@${provider}` : `${untagged(local)}@${domain}`;
}

/** A local part without its tag (RFC 5233 calls it a detail): "ada+papers" is "ada". */
function untagged(local: string): string {
  return local.replace(/(?<=.)\+.*$/, '');
}

/** The address for a page or a log: enough for its owner, too little for anyone else. */
export function maskAddress(address: string): string {
  const [local = '', domain = ''] = address.split('@');
  return `${local.slice(0, 1)}…@${domain}`;
}

function refused(reason: TextKey): ParsedAddress {
  return { ok: false, reason };
}

function reasonAgainstLocalPart(local: string): TextKey {
  if (local === '') return 'check.email.local';
  if (/^\.|\.\.|\.$/.test(local)) {
    return 'check.email.dots';
  }
  return 'check.email.characters';
}

function isMailDomain(ascii: string): boolean {
  const labels = ascii.split('.');
  return (
    ascii.length <= 255 &&
    labels.length >= 2 &&
    labels.every((part) => part.length <= 63 && label.test(part)) &&
    !/^\d+$/.test(labels.at(-1) ?? '')
  );
}
