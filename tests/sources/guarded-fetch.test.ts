import { describe, expect, test } from 'vitest';
import { guardedFetch, isPublicAddress, publicLookup } from '../../src/sources/guarded-fetch.js';
import { fetchText, RetryBudget } from '../../src/sources/http.js';
import { answerWith, playPages } from '../helpers/source.js';

describe('an address', () => {
  test.each(['8.8.8.8', '193.0.6.139', '100.63.0.1', '172.32.0.1', '2a00:1450::1', '2606:4700::6810:84e5'])(
    '%s is public',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );

  test.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '0.0.0.0',
    '100.64.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    'fe80::1',
    'fc00::1',
    'fd12::1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001:0:1::',
    'ff02::1',
    '2001:db8::1',
    'localhost',
    '',
  ])('%j is not', (address) => expect(isPublicAddress(address)).toBe(false));
});

describe('the guarded fetch', () => {
  const fetching = () => ({
    retryBudget: new RetryBudget(400),
    baseUrl: 'https://papers.example.org',
    fetch: guardedFetch,
  });

  test.each([
    'http://127.0.0.1:8080/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://[::1]/',
    'http://[::ffff:10.0.0.1]/',
    'http://169.254.169.254/latest',
    'http://localhost:8080/',
  ])('does not go to %s', async (url) => {
    await expect(fetchText(url, fetching())).rejects.toThrow('is not on the public Internet');
  });

  test('does not read other protocols', async () => {
    await expect(guardedFetch('file:///etc/passwd', {})).rejects.toThrow('file:, which is not read');
  });

  test('row 48: resolves a name only to public addresses', async () => {
    const resolved = new Promise((done) => publicLookup('localhost', { all: true }, (error) => done(error?.message)));
    expect(await resolved).toBe('localhost is not on the public Internet');
  });

  test('row 48: asks nothing of a server on this machine', async () => {
    let asked = 0;
    const url = await playPages({ '/': (request, response) => answerWith(200, String(++asked))(request, response) });
    await expect(fetchText(`${url}/`, fetching())).rejects.toThrow('not on the public Internet');
    await expect(fetchText(`${url.replace('127.0.0.1', 'localhost')}/`, fetching())).rejects.toThrow(
      'not on the public Internet',
    );
    expect(asked).toBe(0);
  });
});
