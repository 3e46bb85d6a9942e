import { isIPv4 } from 'node:net';
import type { Config } from '../config.js';
import { Secret } from '../secret.js';

/** An SMTP server that takes our mail and carries it on. */
export interface Relay {
  host: string;
  port: number;
  /** TLS from the first byte (smtps); otherwise STARTTLS where it is offered. */
  secure: boolean;
  /** Refuse to go on without TLS. */
  requireTls: boolean;
  login: { user: string; password: Secret<string> } | null;
}

/**
 * Reads the address of a relay: `smtp://host`, `smtps://user:password@host:465`, `smtp://host:587?requireTls=true`.
 * Without a port it is 465 for smtps, and 25 for smtp or, with a password, 587 (RFC 8314). A password goes over a network
 * only with TLS (RFC 4954 §4), unless the address says `?requireTls=false`.
 */
export function parseRelay(address: Secret<string>): Relay {
  const url = new URL(address.reveal());
  const secure = url.protocol === 'smtps:';
  const login = url.username ? loginOf(url) : null;
  return {
    host: hostOf(url),
    port: url.port ? Number(url.port) : defaultPort(secure, login !== null),
    secure,
    requireTls: requiresTls(url),
    login,
  };
}

/** The name of a server as sockets take it: an IPv6 address without its brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

export function loginOf({ username, password }: URL): { user: string; password: Secret<string> } {
  return { user: decode(username), password: new Secret(decode(password)) };
}

/** Whether a server at this address must offer TLS: `requireTls` says so, and else a password that goes over a network. */
export function requiresTls(url: URL): boolean {
  const said = url.searchParams.get('requireTls');
  return said === 'true' || (said !== 'false' && url.username !== '' && !isThisMachine(hostOf(url)));
}

/** The relays to send through, in the order in which they are tried: those of SMTP_URL, else the local mailbox. */
export function relaysOf(config: Pick<Config, 'relays'>, mailbox: { smtpPort: number } | null): Relay[] {
  const addresses = mailbox ? [new Secret(`smtp://127.0.0.1:${mailbox.smtpPort}`)] : (config.relays ?? []);
  return addresses.map(parseRelay);
}

/** The relay for a log or an error: without its user and password. */
export function nameRelay({ host, port, secure }: Relay): string {
  return `${secure ? 'smtps' : 'smtp'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function defaultPort(secure: boolean, hasLogin: boolean): number {
  if (secure) return 465;
  return hasLogin ? 587 : 25;
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/** A part of an address; one with a percent sign that was not written as %25 is taken as it stands. */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
