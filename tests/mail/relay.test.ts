import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { nameRelay, parseRelay, relaysOf } from '../../src/mail/relay.js';
import { Secret } from '../../src/secret.js';

const parse = (address: string) => parseRelay(new Secret(address));

describe('the address of a relay', () => {
  it.each<[string, { host: string; port: number; secure: boolean }]>([
    ['smtp://mail.example.org', { host: 'mail.example.org', port: 25, secure: false }],
    ['smtp://user:secret@mail.example.org', { host: 'mail.example.org', port: 587, secure: false }],
    ['smtps://mail.example.org', { host: 'mail.example.org', port: 465, secure: true }],
    ['smtps://user:secret@mail.example.org:2465', { host: 'mail.example.org', port: 2465, secure: true }],
    ['smtp://127.0.0.1:1025', { host: '127.0.0.1', port: 1025, secure: false }],
    ['smtp://[::1]:1025', { host: '::1', port: 1025, secure: false }],
  ])('%s', (address, expected) => {
    expect(parse(address)).toMatchObject(expected);
  });

  it.each([
    ['smtp://user:p%40ss%3Aw%2Frd@mail.example.org', 'user', 'p@ss:w/rd'],
    ['smtp://apikey:100%sure@mail.example.org', 'apikey', '100%sure'],
    ['smtp://me%40example.org:secret@mail.example.org', 'me@example.org', 'secret'],
  ])('%s has a login', (address, user, password) => {
    const { login } = parse(address);
    expect(login?.user).toBe(user);
    expect(login?.password.reveal()).toBe(password);
  });

  it('has no login without a user', () => {
    expect(parse('smtp://mail.example.org').login).toBeNull();
  });

  it.each([
    ['smtp://mail.example.org', false],
    ['smtp://mail.example.org?requireTls=true', true],
    ['smtp://user:secret@mail.example.org', true],
    ['smtp://user:secret@mail.example.org?requireTls=false', false],
    ['smtp://user:secret@127.0.0.1', false],
    ['smtp://user:secret@localhost:1025', false],
    ['smtp://user:secret@[::1]', false],
    ['smtp://user:secret@127.example.org', true],
  ])('%s requires TLS: %s', (address, expected) => {
    expect(parse(address).requireTls).toBe(expected);
  });

  it('is named without user and password, and shows no password when printed', () => {
    const relay = parse('smtps://user:hunter2@mail.example.org');
    expect(nameRelay(relay)).toBe('smtps://mail.example.org:465');
    expect(nameRelay(parse('smtp://[::1]:25'))).toBe('smtp://[::1]:25');
    expect(`${inspect(relay)}${JSON.stringify(relay)}`).not.toContain('hunter2');
  });
});

describe('the relays to send through', () => {
  const relays = ['smtp://first.example.org', 'smtp://second.example.org'].map((address) => new Secret(address));

  it('are those of SMTP_URL, in its order', () => {
    expect(relaysOf({ relays }, null).map(({ host }) => host)).toEqual(['first.example.org', 'second.example.org']);
  });

  it('are the local mailbox where there is one', () => {
    expect(relaysOf({ relays: null }, { smtpPort: 4025 })).toMatchObject([{ host: '127.0.0.1', port: 4025 }]);
  });
});
