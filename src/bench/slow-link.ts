import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * A link to a server on this machine over which everything takes its time.
 * @param roundTripMs there and back
 * @returns its port, and how to take it away
 */
export async function startSlowLink(to: number, roundTripMs: number): Promise<{ port: number; stop: () => void }> {
  const later = (from: Socket, into: Socket) => {
    from.on('data', (chunk) => setTimeout(() => into.write(chunk), roundTripMs / 2));
    from.on('end', () => setTimeout(() => into.end(), roundTripMs / 2));
    from.on('error', () => into.destroy());
  };
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port: to, host: '127.0.0.1', noDelay: true });
    later(near, far);
    later(far, near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, stop: () => server.close() };
}
