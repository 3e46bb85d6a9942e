import express from 'express';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chooseLanguage } from '../../src/web/language.js';
import { SharedPages } from '../../src/web/shared-pages.js';
import { serve } from './site.js';

let server: Awaited<ReturnType<typeof serve>>;
let now: Date;
let made: string[];
/** Before a page is made. */
let hold: () => Promise<void>;
/** Hears of each request once the pages have. */
let received: () => void;

/** Resolves once that many requests more have been received. */
const requests = (count: number) =>
  new Promise<void>((done) => {
    let left = count;
    received = () => --left === 0 && done();
  });

beforeEach(async () => {
  now = new Date('2026-02-04T12:00:00Z');
  made = [];
  hold = async () => {};
  received = () => {};
  const pages = new SharedPages({ clock: () => now });
  const app = express().use(chooseLanguage, (_req, _res, next) => {
    next();
    received();
  });
  app.locals['site'] = { operator: { name: null, url: null }, baseUrl: 'https://papers.example.org' };
  app.get('/{*page}', (req, res) =>
    pages.send(res, 'message', async () => {
      made.push(req.path);
      await hold();
      return { heading: `The page of ${req.path}`, message: `Made ${made.length} times` };
    }),
  );
  app.use(((error, _req, res, _next) => void res.status(500).send(error.message)) as express.ErrorRequestHandler);
  server = await serve(app);
});
afterEach(() => server.close());

const ask = (path: string, headers: Record<string, string> = {}) =>
  fetch(`http://127.0.0.1:${server.port}${path}`, { headers });
const text = async (path: string, headers: Record<string, string> = {}) => (await ask(path, headers)).text();

describe('a page that is the same for everybody', () => {
  it('is made once for all who ask while it is made, and in the second after', async () => {
    const all = requests(4);
    hold = () => all;
    const first = await Promise.all([text('/a'), text('/a'), text('/b'), text('/a')]);
    expect(made).toEqual(['/a', '/b']);
    expect(new Set(first).size).toBe(2);
    now = new Date(now.getTime() + 500);
    expect(await text('/a')).toBe(first[0]);
    now = new Date(now.getTime() + 501);
    expect(await text('/a')).toContain('Made 3 times');
  });

  it('is made in time for those who go on asking, and nobody waits for it', async () => {
    const first = await text('/a');
    let finish = () => {};
    hold = () => new Promise((done) => (finish = done));
    now = new Date(now.getTime() + 501);
    expect([await text('/a'), await text('/a')]).toEqual([first, first]);
    expect(made).toHaveLength(2);
    finish();
    await new Promise(setImmediate);
    now = new Date(now.getTime() + 500);
    expect(await text('/a')).toContain('Made 2 times');
  });

  it('is never shown once it is older than a second, not even while the next is made', async () => {
    await text('/a');
    now = new Date(now.getTime() + 501);
    let finish = () => {};
    hold = () => new Promise((done) => (finish = done));
    await text('/a');
    now = new Date(now.getTime() + 500);
    const asked = requests(1);
    const late = text('/a');
    await asked;
    finish();
    expect(await late).toContain('Made 2 times');
  });

  it('stays until it is too old where it cannot be made again', async () => {
    const first = await text('/a');
    hold = () => Promise.reject(new Error('the database is away'));
    now = new Date(now.getTime() + 501);
    expect([await text('/a'), await text('/a')]).toEqual([first, first]);
    now = new Date(now.getTime() + 500);
    expect((await ask('/a')).status).toBe(500);
  });

  it('is one for each language, and for each address', async () => {
    expect(await text('/a', { 'accept-language': 'de' })).toContain('lang="de"');
    expect(await text('/a', { 'accept-language': 'en' })).toContain('lang="en"');
    expect(await text('/a?q=1', { 'accept-language': 'en' })).toContain('value="/a?q=1"');
    expect(made).toEqual(['/a', '/a', '/a']);
  });

  it('that could not be made is a failure for all who wait for it, and is tried again for who asks next', async () => {
    const both = requests(2);
    hold = () => both.then(() => Promise.reject(new Error('the database is away')));
    const failed = await Promise.all([ask('/a'), ask('/a')]);
    expect(failed.map(({ status }) => status)).toEqual([500, 500]);
    hold = async () => {};
    expect((await ask('/a')).status).toBe(200);
    expect(made).toHaveLength(2);
  });

  it('comes compressed as whoever asks can read it', async () => {
    const plain = await text('/a', { 'accept-encoding': 'identity' });
    const raw = async (accepted: string) => {
      const response = await ask('/a', { 'accept-encoding': accepted });
      expect(response.headers.get('vary')).toContain('Accept-Encoding');
      return { encoding: response.headers.get('content-encoding'), length: response.headers.get('content-length') };
    };
    expect(await raw('gzip, deflate, br, zstd')).toMatchObject({ encoding: 'br' });
    expect(await raw('gzip')).toMatchObject({ encoding: 'gzip' });
    expect(await raw('identity')).toEqual({ encoding: null, length: String(Buffer.byteLength(plain)) });
    expect(await text('/a', { 'accept-encoding': 'br' })).toBe(plain);
    expect(await text('/a', { 'accept-encoding': 'gzip' })).toBe(plain);
    expect(made).toEqual(['/a']);
  });

  it('need not come again to who has it', async () => {
    const etag = (await ask('/a')).headers.get('etag') ?? '';
    expect((await ask('/a', { 'if-none-match': etag, 'cache-control': 'max-age=0' })).status).toBe(304);
    now = new Date(now.getTime() + 1_001);
    expect((await ask('/a', { 'if-none-match': etag, 'cache-control': 'max-age=0' })).status).toBe(200);
  });

  it('is the same after a HEAD', async () => {
    const head = await fetch(`http://127.0.0.1:${server.port}/a`, { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(await text('/a')).toContain('method="post" action="/language"');
    expect(made).toEqual(['/a']);
  });

  it('comes to each of many who ask for different ones at the same time', async () => {
    const all = requests(100);
    hold = () => all;
    const pages = Array.from({ length: 100 }, (_, i) => `/${i}`);
    const answers = await Promise.all(pages.map((path) => text(path)));
    for (const [i, path] of pages.entries()) expect(answers[i]).toContain(`The page of ${path}<`);
  });
});
