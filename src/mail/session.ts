import type { Socket } from 'node:net';
import { hostname } from 'node:os';
import { Conversation } from './conversation.js';
import { classifyReply, maskRecipient, type NotSent, type Outcome, type Stage, withoutReply } from './outcome.js';
import { nameRelay, type Relay } from './relay.js';
import { openSocket } from './socket.js';

/** Who a mail is from and to as far as servers are concerned (RFC 5321). */
export interface Envelope {
  /** Where bounces go. */
  from: string;
  to: string;
}

/** How long to wait for the server, in milliseconds. */
export interface SmtpTimeouts {
  connect: number;
  greeting: number;
  /** For the complete reply to one command. */
  command: number;
  /** For handing over the whole mail. */
  data: number;
  /** For the reply to the final dot: RFC 5321 §4.5.3.2.6 asks for 10 minutes. */
  final: number;
}

type Phase = 'opening' | 'idle' | 'commands' | 'data' | 'final' | 'closed';

const farewellMs = 1_000;
const endOfMail = Buffer.from('.\r\n');

/** Connects to a relay, upgrades to TLS and logs in. @returns the session, or why there is none */
export async function openSession(relay: Relay, timeouts: SmtpTimeouts): Promise<SmtpSession | NotSent> {
  const unreachable = (reply: string): NotSent => ({
    kind: 'not-sent',
    scope: 'relay',
    reply: `${nameRelay(relay)}: ${reply}`,
  });
  try {
    const session = new SmtpSession(relay, timeouts, await openSocket(relay.host, relay.port, timeouts.connect));
    const failure = await session.open();
    return failure ? unreachable(failure.reply) : session;
  } catch (error) {
    return unreachable((error as Error).message);
  }
}

/**
 * One connection to one relay, from the greeting to QUIT. It knows what nodemailer's transports cannot tell: whether the
 * last byte of a mail had been handed over when things went wrong.
 *
 *     phase     in it                       next, by a reply               next, when the connection breaks or time runs out
 *     opening   greeting, EHLO, TLS, AUTH   idle, or closed by a refusal   closed: not sent
 *     idle                                  commands, by send()            closed
 *     commands  MAIL, RCPT, DATA            data by 354, idle by a refusal closed: not sent
 *     data      the content goes out        final after its last byte      closed: not sent
 *     final     waits for the last reply    idle: sent, or refused         closed: in doubt
 */
export class SmtpSession {
  readonly relay: Relay;
  readonly #conversation: Conversation;
  readonly #timeouts: SmtpTimeouts;
  #phase: Phase = 'opening';
  /** What EHLO offers, by keyword in upper case, with its parameters. */
  #extensions = new Map<string, string>();
  #needsReset = false;

  constructor(relay: Relay, timeouts: SmtpTimeouts, socket: Socket) {
    this.relay = relay;
    this.#timeouts = timeouts;
    this.#conversation = new Conversation(socket);
  }

  /** Whether another mail can be tried, as far as is known: a server that speaks unasked is about to leave. */
  get usable(): boolean {
    return this.#phase === 'idle' && this.#conversation.open && !this.#conversation.interrupted;
  }

  /** Greets and logs in. @returns null, or why it failed */
  async open(): Promise<Outcome | null> {
    const failure = await this.#opening().catch((error: Error) => withoutReply('greeting', error.message));
    if (failure) this.close();
    else this.#phase = 'idle';
    return failure;
  }

  /**
   * Sends one mail; one at a time.
   * @param raw whole lines, none of which begins with a dot: such a one would have to be doubled (RFC 5321 §4.5.2); not to be changed
   *   before this is over
   * @throws Error where an address could end its command
   */
  async send(envelope: Envelope, raw: Buffer): Promise<Outcome> {
    for (const address of [envelope.from, envelope.to]) {
      if (!/^[!-~]*$/.test(address) || /[<>]/.test(address)) throw new Error('An address of the envelope is not plain');
    }
    // RFC 1870 §6.1: a server that says how much it takes need not be asked.
    const most = Number(this.#extensions.get('SIZE')) || Number.POSITIVE_INFINITY;
    if (raw.length > most) {
      const reply = `Message size larger than allowed ${most}`;
      return { kind: 'rejected', scope: 'message', permanent: true, code: 552, enhanced: '5.3.4', reply };
    }
    const outcome = await this.#send(envelope, raw);
    return { ...outcome, reply: maskRecipient(outcome.reply, envelope.to) };
  }

  async #send(envelope: Envelope, raw: Buffer): Promise<Outcome> {
    try {
      const failure = (await this.#reset()) ?? (await this.#introduce(envelope, raw.length));
      return failure ?? this.#ended(await this.#transfer(raw));
    } catch (error) {
      return this.#ended(withoutReply(this.#phase === 'final' ? 'dot' : 'data', (error as Error).message));
    }
  }

  /** Says QUIT, waits a moment for the reply, and closes. */
  async quit(): Promise<void> {
    if (this.usable) await this.#ask('QUIT', farewellMs).catch(() => {});
    this.close();
  }

  close(): void {
    this.#phase = 'closed';
    this.#conversation.close();
  }

  async #ask(command: string, ms = this.#timeouts.command): Promise<string> {
    this.#conversation.say(command);
    return this.#conversation.reply(ms);
  }

  async #opening(): Promise<Outcome | null> {
    const { relay } = this;
    if (relay.secure) await this.#conversation.encrypt(relay.host, true, this.#timeouts.greeting);
    const greeting = await this.#conversation.reply(this.#timeouts.greeting);
    if (!greeting.startsWith('220')) return refusal('greeting', greeting);
    return (await this.#greet()) ?? (await this.#secure()) ?? (await this.#logIn());
  }

  async #greet(): Promise<Outcome | null> {
    // RFC 3207 §4.2: what was offered before TLS counts no more.
    this.#extensions = new Map();
    const reply = await this.#ask(`EHLO ${ourName()}`);
    if (!reply.startsWith('250')) {
      // RFC 5321 §3.2: servers that know no extensions.
      if (!/^50\d/.test(reply)) return refusal('ehlo', reply);
      const older = await this.#ask(`HELO ${ourName()}`);
      return older.startsWith('250') ? null : refusal('ehlo', older);
    }
    const lines = reply.split(/\r?\n/).slice(1);
    this.#extensions = new Map(
      lines
        .map((line) => /^250[ -](\S*)[ =]?(.*)$/.exec(line) ?? [])
        .map(([, name = '', rest = '']) => [name.toUpperCase(), rest.trim()]),
    );
    return null;
  }

  async #secure(): Promise<Outcome | null> {
    const { relay } = this;
    if (relay.secure || !(relay.requireTls || this.#extensions.has('STARTTLS'))) return null;
    const reply = await this.#ask('STARTTLS');
    if (reply.startsWith('220')) {
      await this.#conversation.encrypt(relay.host, mustVerify(relay), this.#timeouts.greeting);
      return this.#greet();
    }
    return mustVerify(relay) ? withoutReply('starttls', `TLS is required, and STARTTLS is refused: ${reply}`) : null;
  }

  /** RFC 4954; LOGIN for the servers of before it. */
  async #logIn(): Promise<Outcome | null> {
    const { login } = this.relay;
    const methods = this.#extensions.get('AUTH')?.toUpperCase().split(/\s+/);
    if (!login || !methods) return null;
    const coded = (text: string) => Buffer.from(text).toString('base64');
    let reply: string;
    if (methods.includes('PLAIN') || !methods.includes('LOGIN')) {
      reply = await this.#ask(`AUTH PLAIN ${coded(`\0${login.user}\0${login.password.reveal()}`)}`);
    } else {
      reply = await this.#ask('AUTH LOGIN');
      if (reply.startsWith('334')) reply = await this.#ask(coded(login.user));
      if (reply.startsWith('334')) reply = await this.#ask(coded(login.password.reveal()));
    }
    return reply.startsWith('235') ? null : refusal('auth', reply);
  }

  /** Ends the transaction of a mail that was refused before its content was sent. */
  async #reset(): Promise<Outcome | null> {
    if (!this.#needsReset) return null;
    this.#needsReset = false;
    const reply = await this.#ask('RSET');
    return reply.startsWith('250') ? null : this.#ended(withoutReply('mail', reply));
  }

  /** MAIL, RCPT and DATA, in one go where the server takes that. @returns null, or why the content is not wanted */
  async #introduce({ from, to }: Envelope, size: number): Promise<Outcome | null> {
    this.#phase = 'commands';
    const commands: [Stage, string][] = [
      ['mail', `MAIL FROM:<${from}>${this.#extensions.has('SIZE') ? ` SIZE=${size}` : ''}`],
      ['rcpt', `RCPT TO:<${to}>`],
      ['data', 'DATA'],
    ];
    const together = this.#extensions.has('PIPELINING');
    if (together) this.#conversation.say(...commands.map(([, command]) => command));
    for (const [i, [stage, command]] of commands.entries()) {
      if (!together) this.#conversation.say(command);
      const reply = await this.#conversation.reply(this.#timeouts.command);
      if (reply.startsWith(stage === 'data' ? '354' : '2')) continue;
      const outcome = classifyReply(stage, reply);
      return this.#refused(outcome, together ? commands.length - 1 - i : 0);
    }
    return null;
  }

  /**
   * After a refusal: hears the replies to what was sent along, and goes on where the server does not wait for a mail.
   * @param open how many there are
   */
  async #refused(outcome: Outcome, open: number): Promise<Outcome> {
    try {
      if (outcome.kind !== 'rejected') return this.#ended(outcome);
      for (let left = open; left > 0; left--) {
        const reply = await this.#conversation.reply(this.#timeouts.command);
        // RFC 2920 §3.1: the server waits for content, of a mail without a recipient.
        if (left === 1 && !/^[45]/.test(reply)) {
          this.close();
          return outcome;
        }
      }
      this.#needsReset = true;
      this.#phase = 'idle';
    } catch {
      this.close();
    }
    return outcome;
  }

  async #transfer(raw: Buffer): Promise<Outcome> {
    this.#phase = 'data';
    // What was given to TLS may be out before it says so.
    if (this.#conversation.encrypted) this.#phase = 'final';
    const coming = this.#conversation.reply(this.#timeouts[this.#phase === 'final' ? 'final' : 'data']);
    this.#conversation.transfer([raw, endOfMail], () => {
      if (this.#phase !== 'data') return;
      this.#phase = 'final';
      this.#conversation.wait(this.#timeouts.final);
    });
    const reply = await coming;
    if (this.#phase === 'final') return classifyReply('dot', reply);
    // A server that says 250 before it has the whole mail cannot be believed; nor has it taken one that it refuses.
    if (reply.startsWith('2')) return { kind: 'in-doubt', reply: `Reply before the end of the mail: ${reply}` };
    return classifyReply('data', reply);
  }

  /** Decides whether the connection can go on: not where its state is unknown. */
  #ended(outcome: Outcome): Outcome {
    const answered = outcome.kind === 'sent' || outcome.kind === 'rejected';
    if (answered && this.#phase === 'final') this.#phase = 'idle';
    else this.close();
    return outcome;
  }
}

/** What a server says who takes no mail at all, and where it makes no sense, that too. */
function refusal(stage: Stage, reply: string): Outcome {
  const outcome = classifyReply(stage, reply);
  return outcome.kind === 'sent' ? withoutReply(stage, reply) : outcome;
}

/** A certificate is checked where there is something to protect: a password, or TLS that was asked for. */
function mustVerify(relay: Relay): boolean {
  return relay.secure || relay.requireTls || relay.login !== null;
}

/** RFC 5321 §4.1.3: an address literal where there is no name. */
function ourName(): string {
  const name = hostname();
  return /^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/.test(name) ? name : '[127.0.0.1]';
}
