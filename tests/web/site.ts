import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterAll, beforeAll } from 'vitest';
import { parseConfig } from '../../src/config.js';
import { openContext } from '../../src/context.js';
import { createWebApp } from '../../src/web/server.js';
import { createDatabase, type TestContext, useContext } from '../helpers/context.js';

/** The site of a test file, listening on a free port, and what its tests ask of it. */
export interface TestSite {
  ctx: TestContext;
  url: string;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  /** Posts as a browser does. */
  postForm(
    path: string,
    fields: Record<string, string | string[]>,
    headers?: Record<string, string>,
  ): Promise<Response>;
  postJson(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
}

/** Serves on a free port; returns it and how to stop. */
export async function serve(listener: RequestListener): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer(listener);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const close = async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  };
  return { port: (server.address() as AddressInfo).port, close };
}

/** Serves the real site on a real port. Call it at the top of the file; the site is there once a test runs. */
export function useSite(env: Record<string, string> = {}): () => TestSite {
  const context = useContext(env);
  let server: Awaited<ReturnType<typeof serve>> | undefined;
  beforeAll(async () => {
    server = await serve(createWebApp(context()));
  });
  afterAll(() => server?.close());
  return () => {
    const url = (path: string) => `http://127.0.0.1:${server?.port}${path}`;
    const send = (path: string, method: string, body: string | null, headers: Record<string, string>) =>
      fetch(url(path), { method, body, headers, redirect: 'manual' });
    return {
      ctx: context(),
      url: url('/'),
      get: (path, headers = {}) => send(path, 'GET', null, headers),
      postForm: (path, fields, headers = {}) => {
        const form = new URLSearchParams();
        for (const [name, value] of Object.entries(fields)) for (const one of [value].flat()) form.append(name, one);
        const type = { 'content-type': 'application/x-www-form-urlencoded' };
        return send(path, 'POST', form.toString(), { ...type, ...headers });
      },
      postJson: (path, body, headers = {}) =>
        send(path, 'POST', JSON.stringify(body), { 'content-type': 'application/json', ...headers }),
    };
  };
}

/** A site that has lost its database, and what it logs of that level and above. */
export async function serveWithoutDatabase(level: 'warn' | 'error') {
  const { url, drop } = await createDatabase();
  const lines: string[] = [];
  const opened = await openContext(
    parseConfig({ DATABASE_URL: url, LOG_LEVEL: 'silent', SECRET_KEY: 'a-secret-key-of-a-test' }),
  );
  const ctx = { ...opened, log: pino({ level }, { write: (line: string) => void lines.push(line) }) };
  const server = await serve(createWebApp(ctx));
  await drop();
  return {
    ctx,
    lines,
    get: (path: string) => fetch(`http://127.0.0.1:${server.port}${path}`),
    close: async () => {
      await server.close();
      await ctx.db.close();
    },
  };
}

/** Moves the site's clock to when it makes pages anew that are the same for everybody. */
export function letPagesAge({ time }: Pick<TestContext, 'time'>): void {
  time.now = new Date(time.now.getTime() + 1_001);
}

/** The path of a link, as a client of the test's port asks for it. */
export function pathOf(link: string): string {
  return new URL(link).pathname;
}
