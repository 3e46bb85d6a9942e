import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** A mail of the one folder, INBOX. */
export interface StoredMail {
  raw: Buffer;
  seen: boolean;
}

export interface TestImapServer {
  /** Its address with user and password. */
  url: string;
  mails: StoredMail[];
  close: () => Promise<void>;
}

/** A server of RFC 3501, as much of it as is needed to read a folder. `on`: asked at each command; true ends the connection. */
export async function startImapServer(
  mails: Buffer[],
  on: (command: string) => boolean = () => false,
): Promise<TestImapServer> {
  const stored = mails.map((raw) => ({ raw, seen: false }));
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => {}));
    socket.write('* OK ready\r\n');
    createInterface(socket).on('line', (line) => {
      if (on(line)) socket.destroy();
      else for (const reply of answer(line, stored)) socket.write(reply);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `imap://reports:p%40ss@127.0.0.1:${port}`,
    mails: stored,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function* answer(line: string, mails: StoredMail[]): Generator<string | Buffer> {
  const [, tag, command = '', rest = ''] = /^(\S+) ((?:UID )?\S+)(?: (.*))?$/.exec(line) ?? [];
  const uid = Number(/^\d+/.exec(rest)?.[0]);
  const mail = mails[uid - 1];
  switch (command.toUpperCase()) {
    case 'CAPABILITY':
      yield '* CAPABILITY IMAP4rev1\r\n';
      break;
    case 'LOGIN':
      if (rest.replaceAll('"', '') !== 'reports p@ss') {
        yield `${tag} NO no such login\r\n`;
        return;
      }
      break;
    case 'LIST':
      yield '* LIST () "/" INBOX\r\n';
      break;
    case 'SELECT':
      if (rest.replaceAll('"', '') !== 'INBOX') {
        yield `${tag} NO no such folder\r\n`;
        return;
      }
      yield `* ${mails.length} EXISTS\r\n* FLAGS (\\Seen)\r\n* OK [UIDVALIDITY 1] ok\r\n* OK [UIDNEXT ${mails.length + 1}] ok\r\n`;
      break;
    case 'UID SEARCH':
      if (rest !== 'UNSEEN') throw new Error(`The test server cannot search for ${rest}`);
      yield `* SEARCH${mails.map(({ seen }, i) => (seen ? '' : ` ${i + 1}`)).join('')}\r\n`;
      break;
    case 'UID FETCH':
      if (!mail) break;
      yield `* ${uid} FETCH (UID ${uid} BODY[]<0> {${mail.raw.length}}\r\n`;
      yield mail.raw;
      yield ')\r\n';
      break;
    case 'UID STORE':
      if (mail && rest.includes('+FLAGS') && rest.includes('\\Seen')) mail.seen = true;
      break;
    case 'LOGOUT':
      yield '* BYE\r\n';
      break;
    case 'NOOP':
      break;
    default:
      yield `${tag} BAD unknown command\r\n`;
      return;
  }
  yield `${tag} OK done\r\n`;
}
