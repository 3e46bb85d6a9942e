import { createServer, type RequestListener, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../errors.js';

/** How long a request may take to come, in milliseconds, so that connections that send nothing do not add up; and how many there are. */
export interface ConnectionLimits {
  headersTimeout: number;
  requestTimeout: number;
  connectionsCheckingInterval: number;
  maxConnections: number;
}

export const connectionLimits: ConnectionLimits = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
  maxConnections: 2_000,
};

export interface Listening {
  port: number;
  /** From now on requests are answered by this; until then all are told to come again. */
  answerWith(listener: RequestListener): void;
  /** Takes no new connection; requests in hand are answered, for a second at the most. */
  close(): Promise<void>;
}

/**
 * Takes a port, before there is anything to answer with, so that one that is taken leaves nothing half-started.
 * @param port 0 for any that is free
 * @throws UserError when it cannot be had
 */
export async function listen(host: string, port: number, limits = connectionLimits): Promise<Listening> {
  let listener: RequestListener = (_request, response) => {
    response.writeHead(503, { 'retry-after': '1', 'content-type': 'text/plain' }).end('Offprint is starting.\n');
  };
  const server = createServer(limits, (request, response) => listener(request, response));
  server.maxConnections = limits.maxConnections;
  await new Promise<void>((done, fail) => {
    server
      .once('error', (error: NodeJS.ErrnoException) => fail(listenError(error, host, port)))
      .listen(port, host, done);
  });
  return {
    port: (server.address() as { port: number }).port,
    answerWith: (next) => {
      listener = next;
    },
    close: () => closeServer(server),
  };
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): UserError {
  if (error.code === 'EADDRINUSE')
    return new UserError(`PORT ${port} is taken by another program: set PORT to a free one, like ${port + 1}`);
  if (error.code === 'EACCES')
    return new UserError(`PORT ${port} needs rights that this account lacks: set PORT to one above 1023, like 3000`);
  return new UserError(`HOST ${host} with PORT ${port} cannot be listened on: ${error.message}`);
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise((done) => server.close(done));
  server.closeIdleConnections();
  await Promise.race([closed, sleep(1_000, undefined, { ref: false })]);
  server.closeAllConnections();
}
