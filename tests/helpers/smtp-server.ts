import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type ParsedMail, simpleParser } from 'mailparser';
import { parseRelay, type Relay } from '../../src/mail/relay.js';
import { Secret } from '../../src/secret.js';

/**
 * Where in the conversation the server is: about to greet, asked a command, given a piece of a mail that is not its end
 * ("body"), given the whole mail ("dot").
 */
export type SmtpStep =
  | 'greeting'
  | 'EHLO'
  | 'STARTTLS'
  | 'AUTH'
  | 'MAIL'
  | 'RCPT'
  | 'DATA'
  | 'body'
  | 'dot'
  | 'RSET'
  | 'QUIT';

/** What the server does at a step instead of the ordinary. */
export interface SmtpReaction {
  /** A reply, without its line break. */
  reply?: string;
  /** Bytes that are sent as they are. */
  raw?: string;
  /** After that: a FIN, a RST, no other word, a reply that comes byte by byte and never ends, or no other byte read. */
  next?: 'close' | 'reset' | 'silence' | 'drip' | 'deafness';
  /** At the dot: whether the mail is kept, whatever the reply. Without a reaction it is. */
  keep?: boolean;
}

/** What a script is told of the step. */
export interface SmtpMoment {
  step: SmtpStep;
  /** The command as it came. */
  line: string;
  /** Counted from 1, over the server's life. */
  connection: number;
  /** Counted from 1, within the connection: which mail is under way. */
  mail: number;
  envelope: { from: string; to: string[] };
}

/** A mail that the server has kept, whatever it answered. */
export interface KeptMail {
  envelope: { from: string; to: string[] };
  /** As it came over the wire, without the dots that SMTP adds. */
  raw: Buffer;
  messageId: string;
  connection: number;
}

export interface TestSmtpServer {
  port: number;
  url: string;
  relay: Relay;
  /** The independent record: every mail the server has kept, in order. */
  mails: KeptMail[];
  /** Every command of every connection, in order. */
  commands: string[];
  connections: () => number;
  /** The kept mails, parsed. */
  parsed: () => Promise<ParsedMail[]>;
  /** Waits until the server has kept that many mails, and returns them parsed. */
  received: (count: number) => Promise<ParsedMail[]>;
  /** Ends every connection that is open now, as a server does that has been idle. */
  dropConnections: () => void;
  close: () => Promise<void>;
}

export interface SmtpScript {
  /** Asked at every step; undefined: the ordinary. */
  on?: (moment: SmtpMoment) => SmtpReaction | undefined;
  /** What becomes of each mail that is kept, where that is not to be in `mails`; nor are commands, of a server that takes so many. */
  keep?: (mail: KeptMail) => void;
  /** What EHLO offers. */
  extensions?: string[];
  /** Where to listen; a free port if not said. */
  port?: number;
}

/**
 * Starts a real SMTP server on 127.0.0.1. Without a script it takes every mail and keeps it; a script makes it misbehave
 * at any step, down to the bytes.
 */
export async function startSmtpServer(script: SmtpScript = {}): Promise<TestSmtpServer> {
  const state: ServerState = { script, mails: [], commands: [], sockets: new Set(), connections: 0, waiting: [] };
  const server = createServer({ noDelay: true }, (socket) => converse(state, socket));
  server.listen(script.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `smtp://127.0.0.1:${port}`;
  const parsed = () => Promise.all(state.mails.map(({ raw }) => simpleParser(raw)));
  return {
    port,
    url,
    relay: parseRelay(new Secret(url)),
    mails: state.mails,
    commands: state.commands,
    connections: () => state.connections,
    parsed,
    received: async (count) => {
      while (state.mails.length < count) await new Promise<void>((resolve) => state.waiting.push(resolve));
      return parsed();
    },
    dropConnections: () => {
      for (const socket of state.sockets) socket.end();
    },
    close: () => closeServer(server, state),
  };
}

interface ServerState {
  script: SmtpScript;
  mails: KeptMail[];
  commands: string[];
  sockets: Set<Socket>;
  connections: number;
  waiting: (() => void)[];
}

async function closeServer(server: Server, { sockets }: ServerState): Promise<void> {
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, 'close');
}

function converse(state: ServerState, socket: Socket): void {
  const connection = ++state.connections;
  state.sockets.add(socket);
  socket.on('close', () => state.sockets.delete(socket));
  socket.on('error', () => {});
  let unread = '';
  let mail = 1;
  let readingMail = false;
  let silent = false;
  let envelope = { from: '', to: [] as string[] };

  const asked = (step: SmtpStep, line = '') => state.script.on?.({ step, line, connection, mail, envelope });
  const carryOut = (reaction: SmtpReaction) => {
    if (reaction.reply !== undefined) socket.write(`${reaction.reply}\r\n`);
    if (reaction.raw !== undefined) socket.write(reaction.raw);
    if (reaction.next) silent = true;
    if (reaction.next === 'close') socket.end();
    if (reaction.next === 'reset') socket.resetAndDestroy();
    if (reaction.next === 'drip') drip(socket);
    if (reaction.next === 'deafness') socket.pause();
  };
  /** @returns whether the answer was as good as the ordinary one */
  const answer = (step: SmtpStep, ordinary: string, line = '') => {
    const reaction = asked(step, line);
    carryOut(reaction ?? { reply: ordinary });
    return reaction ? (reaction.reply?.startsWith(ordinary.slice(0, 1)) ?? false) : true;
  };

  const commands: Record<string, (line: string) => void> = {
    EHLO: (line) => {
      const offers = ['test.example', ...(state.script.extensions ?? ['PIPELINING', '8BITMIME', 'SMTPUTF8'])];
      answer('EHLO', offers.map((offer, i) => `250${i < offers.length - 1 ? '-' : ' '}${offer}`).join('\r\n'), line);
    },
    HELO: (line) => answer('EHLO', '250 test.example', line),
    STAR: (line) => answer('STARTTLS', '502 5.5.2 unknown command', line),
    AUTH: (line) => answer('AUTH', '235 2.7.0 welcome', line),
    MAIL: (line) => {
      if (answer('MAIL', '250 2.1.0 ok', line)) envelope = { from: addressIn(line), to: [] };
    },
    RCPT: (line) => {
      if (answer('RCPT', '250 2.1.5 ok', line)) envelope.to.push(addressIn(line));
    },
    DATA: (line) => {
      if (envelope.to.length === 0) socket.write('554 5.5.1 no valid recipients\r\n');
      else readingMail = answer('DATA', '354 go ahead', line);
    },
    RSET: (line) => {
      if (answer('RSET', '250 2.0.0 ok', line)) envelope = { from: '', to: [] };
    },
    QUIT: (line) => {
      answer('QUIT', '221 2.0.0 bye', line);
      socket.end();
    },
  };

  const takeMail = (content: string) => {
    const raw = Buffer.from(content.replace(/^\.\./gm, '.'), 'latin1');
    // A copy: a part of a string keeps the whole in memory.
    const messageId = Buffer.from(/^message-id: *(.*)$/im.exec(content)?.[1]?.trim() ?? '').toString();
    const reaction = asked('dot', '.');
    if (!reaction || reaction.keep) {
      const mail = { envelope, raw, messageId, connection };
      if (state.script.keep) state.script.keep(mail);
      else state.mails.push(mail);
      for (const resume of state.waiting.splice(0)) resume();
    }
    readingMail = false;
    carryOut(reaction ?? { reply: `250 2.0.0 queued as ${state.mails.length}` });
    envelope = { from: '', to: [] };
    mail++;
  };

  socket.on('data', (chunk) => {
    unread += chunk.toString('latin1');
    while (!silent) {
      const end = readingMail ? unread.indexOf('\r\n.\r\n') : unread.indexOf('\r\n');
      if (end < 0 && readingMail) carryOut(asked('body') ?? {});
      if (end < 0) return;
      const text = unread.slice(0, end);
      unread = unread.slice(end + (readingMail ? 5 : 2));
      if (readingMail) {
        takeMail(`${text}\r\n`);
        continue;
      }
      if (!state.script.keep) state.commands.push(text);
      const command = commands[text.slice(0, 4).toUpperCase()];
      if (command) command(text);
      else socket.write('502 5.5.2 unknown command\r\n');
    }
  });
  answer('greeting', '220 test.example ESMTP');
}

function drip(socket: Socket): void {
  const timer = setInterval(() => socket.write('2'), 5);
  socket.on('close', () => clearInterval(timer));
}

function addressIn(line: string): string {
  return /<(.*?)>/.exec(line)?.[1] ?? '';
}
