import { isIP, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';

/** Why there is no reply: the connection has ended, or the time is up. */
export class NoReply extends Error {}

const longestReply = 16_384;

/**
 * What is said over one SMTP connection (RFC 5321): commands go out, replies come in, each with its time. A reply is what
 * ends in a line break and whose last line has no hyphen after the code; what is cut off is none.
 */
export class Conversation {
  #socket: Socket;
  #unread = '';
  #replies: string[] = [];
  #ended: NoReply | null = null;
  #waiting: {
    resolve: (reply: string) => void;
    reject: (error: NoReply) => void;
    timer: NodeJS.Timeout | undefined;
  } | null = null;

  readonly #listeners: [event: string, listener: (about: unknown) => void][] = [
    ['data', (chunk) => this.#read((chunk as Buffer).toString('latin1'))],
    ['error', (error) => this.#end(new NoReply((error as Error).message))],
    ['end', () => this.#end(new NoReply('Connection closed'))],
    ['close', () => this.#end(new NoReply('Connection closed'))],
  ];

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#listen();
  }

  /** Whether something can still be said. */
  get open(): boolean {
    return this.#ended === null && this.#socket.writable;
  }

  /** Whether the server has said something that nobody has asked for. */
  get interrupted(): boolean {
    return this.#replies.length > 0 || this.#unread !== '';
  }

  get encrypted(): boolean {
    return this.#socket instanceof TLSSocket;
  }

  /** Sends commands, each on its line; several together only where PIPELINING is offered (RFC 2920). */
  say(...commands: string[]): void {
    if (this.open) this.#socket.write(`${commands.join('\r\n')}\r\n`, 'latin1');
  }

  /** Hands over the content of a mail, and tells when its last byte is in the hands of the operating system. */
  transfer(content: readonly Buffer[], handedOver: () => void): void {
    this.#socket.cork();
    for (const [i, part] of content.entries()) {
      this.#socket.write(part, (error) => {
        if (!error && i === content.length - 1) handedOver();
      });
    }
    this.#socket.uncork();
  }

  /**
   * The next reply.
   * @throws NoReply when none has come after so many milliseconds, or can come any more
   */
  reply(ms: number): Promise<string> {
    const reply = this.#replies.shift();
    if (reply !== undefined) return Promise.resolve(reply);
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject, timer: undefined };
      this.wait(ms);
    });
  }

  /** Lets whoever waits for a reply wait for so many milliseconds from now. */
  wait(ms: number): void {
    if (!this.#waiting) return;
    clearTimeout(this.#waiting.timer);
    this.#waiting.timer = setTimeout(() => this.#end(new NoReply(`No reply within ${ms / 1_000} s`)), ms);
  }

  /**
   * Goes on encrypted, after STARTTLS or before the first word.
   * @throws NoReply when that fails, or the certificate is not to be trusted
   */
  async encrypt(host: string, verify: boolean, ms: number): Promise<void> {
    // RFC 3207 §6: what was said before cannot be trusted to be the server's.
    if (this.interrupted) throw new NoReply('More than a reply to STARTTLS');
    for (const [event, listener] of this.#listeners) this.#socket.off(event, listener);
    const socket = connectTls({
      socket: this.#socket,
      rejectUnauthorized: verify,
      ...(isIP(host) === 0 && { servername: host }),
    });
    this.#socket = socket;
    this.#listen();
    await new Promise<void>((resolve, reject) => {
      this.#waiting = { resolve: () => resolve(), reject, timer: undefined };
      this.wait(ms);
      socket.once('secureConnect', () => this.#take()?.resolve(''));
    });
  }

  close(): void {
    this.#end(new NoReply('Connection closed'));
    this.#socket.destroy();
  }

  #listen(): void {
    this.#socket.setNoDelay(true);
    for (const [event, listener] of this.#listeners) this.#socket.on(event, listener);
  }

  #read(text: string): void {
    this.#unread += text;
    let begin = 0;
    for (let end = this.#unread.indexOf('\n'); end >= 0; end = this.#unread.indexOf('\n', end + 1)) {
      const line = this.#unread.slice(this.#unread.lastIndexOf('\n', end - 1) + 1, end);
      if (/^\d{3}-/.test(line)) continue;
      this.#replies.push(this.#unread.slice(begin, end).replace(/\r$/, ''));
      begin = end + 1;
    }
    this.#unread = this.#unread.slice(begin);
    if (this.#unread.length > longestReply) this.#end(new NoReply('A reply without an end'));
    if (this.#waiting && this.#replies.length > 0) this.#take()?.resolve(this.#replies.shift() as string);
  }

  #end(reason: NoReply): void {
    this.#ended ??= reason;
    this.#take()?.reject(reason);
  }

  #take() {
    const waiting = this.#waiting;
    this.#waiting = null;
    clearTimeout(waiting?.timer);
    return waiting;
  }
}
