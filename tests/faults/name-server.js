// For a program under test, by `node --import`: answers for relay.example, until the file NAME_SERVER_DOWN is there.
import dns from 'node:dns';
import { existsSync } from 'node:fs';

const { lookup } = dns;
dns.lookup = (name, options, done) => {
  if (name !== 'relay.example') return lookup(name, options, done);
  if (!existsSync(process.env.NAME_SERVER_DOWN)) return lookup('127.0.0.1', options, done);
  const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' });
  process.nextTick(done, error);
};
