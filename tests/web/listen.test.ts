import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.js';
import { connectionLimits, type Listening, listen } from '../../src/web/listen.js';

let server: Listening | undefined;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server?.close();
  server = undefined;
});

const start = async (limits: Partial<typeof connectionLimits> = {}) => {
  server = await listen('127.0.0.1', 0, { ...connectionLimits, ...limits });
  server.answerWith((request, response) => {
    request.resume();
    request.on('end', () => response.end('served'));
  });
  return server;
};
const open = async (port: number, sent: string) => {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  sockets.push(socket);
  await once(socket, 'connect');
  socket.write(sent);
  return socket;
};
const answerOf = async (socket: Socket) => {
  let answer = '';
  socket.on('data', (data) => {
    answer += data;
  });
  await once(socket, 'close');
  return answer;
};

describe('finding 18: a connection', () => {
  const quick = { headersTimeout: 100, requestTimeout: 200, connectionsCheckingInterval: 20 };

  it.each([
    ['that sends nothing', ''],
    ['whose headers never end', 'POST / HTTP/1.1\r\nHost: a\r\n'],
    ['whose body never comes', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc'],
  ])('%s is ended when its time is up', async (_what, sent) => {
    const { port } = await start(quick);
    expect(await answerOf(await open(port, sent))).toMatch(/^(HTTP\/1\.1 408|$)/);
  });

  it('past the most that there may be is dropped, and those that are open are served', async () => {
    const { port } = await start({ maxConnections: 2 });
    const first = await open(port, '');
    await open(port, '');
    expect(await answerOf(await open(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'))).toBe('');
    first.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(await answerOf(first)).toMatch(/served/);
  });

  it('has 10 s for its headers and 30 s for its body, and there are 2,000 at the most', () => {
    expect(connectionLimits).toMatchObject({ headersTimeout: 10_000, requestTimeout: 30_000, maxConnections: 2_000 });
  });
});

describe('a port', () => {
  it('answers before there is anything to answer with', async () => {
    server = await listen('127.0.0.1', 0);
    const answer = await fetch(`http://127.0.0.1:${server.port}/`);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
  });

  it('that is taken is named, with one that may be free', async () => {
    const { port } = await start();
    await expect(listen('127.0.0.1', port)).rejects.toThrow(
      new UserError(`PORT ${port} is taken by another program: set PORT to a free one, like ${port + 1}`),
    );
  });
});
