import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** When the proxy acts: at a request that holds this text, the how manieth of it, and before it is passed on or after its answer. */
export interface Watch {
  text: string;
  nth: number;
  when: 'before' | 'answered';
  act: () => void;
  /** Whether it then keeps to itself what was said: as it is for a process that is gone at once. */
  silences: boolean;
}

export interface DatabaseProxy {
  url: string;
  /** Ends all connections and takes no new ones, as when the server is gone. */
  cut(): void;
  /** Passes nothing on, as when the server hangs. */
  freeze(): void;
  /** Works as before, or passes on to the server that is at another address now. */
  resume(newTarget?: string): void;
  close(): void;
}

/**
 * Stands between a process and its PostgreSQL, and sees what the process asks for: so a test can end it at the very moment at
 * which a statement is about to reach the database, or is carried out and the process does not know yet.
 */
export async function startDatabaseProxy(target: string, watch: Watch | null): Promise<DatabaseProxy> {
  let { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let seen = 0;
  let acted = false;
  let away = false;
  const destroyAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer({ noDelay: true }, (near) => {
    if (away) {
      near.destroy();
      return;
    }
    const far = connect({ host: hostname, port: Number(port), noDelay: true });
    let holding = false;
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.end();
      });
    }
    near.on('data', (chunk) => {
      const found = watch && !acted && chunk.includes(watch.text) && ++seen === watch.nth;
      if (found) acted = true;
      if (found && watch.when === 'before') {
        watch.act();
        if (watch.silences) return;
      }
      holding ||= found === true && watch.when === 'answered';
      far.write(chunk);
    });
    far.on('data', (chunk) => {
      if (holding) {
        holding = false;
        watch?.act();
        if (watch?.silences) return;
      }
      near.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = `${(server.address() as AddressInfo).port}`;
  return {
    url: url.href,
    cut: () => {
      away = true;
      destroyAll();
    },
    freeze: () => {
      for (const socket of sockets) socket.pause();
    },
    resume: (newTarget = target) => {
      ({ hostname, port } = new URL(newTarget));
      away = false;
      for (const socket of sockets) socket.resume();
    },
    close: () => {
      destroyAll();
      server.close();
    },
  };
}
