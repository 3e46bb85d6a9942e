import type { Socket } from 'node:net';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { classifyReply, type NotSent, type Outcome, type Stage, withoutReply } from './outcome.js';
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

/** What nodemailer knows of a failure; `command` is what was answered, or "CONN" where nothing was. */
interface SmtpError extends Error {
  code?: string | undefined;
  command?: string | undefined;
  response?: string | undefined;
}

type Phase = 'opening' | 'idle' | 'commands' | 'data' | 'final' | 'closed';

const farewellMs = 1_000;

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
 * One connection to one relay, from the greeting to QUIT. It knows what nodemailer's own transports cannot tell: whether
 * the last byte of a mail had been handed over when things went wrong. nodemailer logs `{tnx: 'message'}` at that moment.
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
  readonly #smtp: SMTPConnection;
  readonly #timeouts: SmtpTimeouts;
  #phase: Phase = 'opening';
  #timer: NodeJS.Timeout | undefined;
  /** Ends the wait that is under way. */
  #settle: ((outcome: Outcome | null) => void) | null = null;
  #needsReset = false;

  constructor(relay: Relay, timeouts: SmtpTimeouts, connection: Socket) {
    this.relay = relay;
    this.#timeouts = timeouts;
    this.#smtp = new SMTPConnection({
      connection,
      host: relay.host,
      port: relay.port,
      secure: relay.secure,
      requireTLS: relay.requireTls,
      opportunisticTLS: !mustVerify(relay),
      tls: { rejectUnauthorized: mustVerify(relay) },
      greetingTimeout: timeouts.greeting,
      socketTimeout: timeouts.final + timeouts.command,
      transactionLog: true,
      logger: this.#observer(),
    });
    this.#smtp.on('error', (error: SmtpError) => this.#settle?.(this.#outcomeOf(error)));
    // The callback of a command, which knows more, may still come right after the end.
    this.#smtp.on('end', () => setImmediate(() => this.#settle?.(this.#withoutReply('Connection closed'))));
  }

  /** Whether another mail can be tried, as far as is known. */
  get usable(): boolean {
    return this.#phase === 'idle' && !this.#smtp.destroyed;
  }

  /** Greets and logs in. @returns null, or why it failed */
  async open(): Promise<Outcome | null> {
    const greeted = await this.#wait(this.#timeouts.greeting, (settle) => {
      this.#smtp.connect((error) => settle(error ? this.#outcomeOf(error) : null));
    });
    const failure = greeted ?? (await this.#logIn());
    if (failure) this.#close();
    else this.#phase = 'idle';
    return failure;
  }

  /** Sends one mail; one at a time. */
  async send(envelope: Envelope, raw: Buffer): Promise<Outcome> {
    const failure = await this.#reset();
    if (failure) return failure;
    this.#phase = 'commands';
    const outcome = await this.#wait(this.#timeouts.command, (settle) => {
      this.#smtp.send({ ...envelope, size: raw.length }, raw, (error, info) => {
        settle(error ? this.#outcomeOf(error) : this.#outcomeOfFinalReply(info?.response ?? ''));
      });
    });
    return this.#afterwards(outcome ?? this.#withoutReply('Connection closed'));
  }

  /** Says QUIT, waits a moment for the reply, and closes. */
  async quit(): Promise<void> {
    if (this.usable) {
      await this.#wait(farewellMs, (settle) => {
        this.#smtp.once('end', () => settle(null));
        this.#smtp.quit();
      });
    }
    this.#close();
  }

  async #logIn(): Promise<Outcome | null> {
    const { login } = this.relay;
    if (!login || !this.#smtp.allowsAuth) return null;
    return this.#wait(this.#timeouts.command, (settle) => {
      const auth = { user: login.user, pass: login.password.reveal() };
      this.#smtp.login(auth, (error) => settle(error ? this.#outcomeOf(error) : null));
    });
  }

  /** Ends the transaction of a mail that was refused before its content was sent. */
  async #reset(): Promise<Outcome | null> {
    if (!this.#needsReset) return null;
    this.#needsReset = false;
    const failure = await this.#wait(this.#timeouts.command, (settle) => {
      this.#smtp.reset((error) => settle(error ? withoutReply('mail', error.message) : null));
    });
    if (failure) this.#close();
    return failure;
  }

  /** Decides whether the connection can go on: not where its state is unknown. */
  #afterwards(outcome: Outcome): Outcome {
    const answered = outcome.kind === 'sent' || outcome.kind === 'rejected';
    if (answered && (this.#phase === 'final' || this.#phase === 'commands')) {
      this.#needsReset = this.#phase === 'commands';
      this.#phase = 'idle';
    } else {
      this.#close();
    }
    return outcome;
  }

  #close(): void {
    this.#phase = 'closed';
    clearTimeout(this.#timer);
    this.#smtp.close();
  }

  /** Runs one exchange; ends it when `ms` have passed and nothing on the wire has restarted the time. */
  #wait(ms: number, begin: (settle: (outcome: Outcome | null) => void) => void): Promise<Outcome | null> {
    return new Promise((resolve) => {
      const settle = (outcome: Outcome | null) => {
        if (this.#settle !== settle) return;
        this.#settle = null;
        clearTimeout(this.#timer);
        resolve(outcome);
      };
      this.#settle = settle;
      this.#restartTimer(ms);
      begin(settle);
    });
  }

  #restartTimer(ms: number): void {
    if (!this.#settle) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#settle?.(this.#withoutReply(`No reply within ${ms / 1000} s`)), ms);
  }

  /** Follows what happens on the wire through nodemailer's log, of which nothing is printed. */
  #observer() {
    const observe = (entry: { tnx?: string } | undefined, text: string | undefined) => {
      if (entry?.tnx === 'message' && (this.#phase === 'data' || this.#phase === 'commands')) {
        this.#phase = 'final';
        this.#restartTimer(this.#timeouts.final);
      } else if (entry?.tnx === 'server' && this.#phase === 'commands' && text?.startsWith('354')) {
        this.#phase = 'data';
        this.#restartTimer(this.#timeouts.data);
      } else if (entry?.tnx === 'client' || entry?.tnx === 'server') {
        if (this.#phase === 'opening' || this.#phase === 'commands') this.#restartTimer(this.#timeouts.command);
      }
    };
    return { trace: observe, debug: observe, info: observe, warn: observe, error: observe, fatal: observe };
  }

  #outcomeOf({ code, command = 'CONN', response = '', message }: SmtpError): Outcome {
    if (code === 'EMESSAGE' && command === 'MAIL FROM') {
      // nodemailer compares with the SIZE of RFC 1870 before it sends anything.
      return { kind: 'rejected', scope: 'message', permanent: true, code: 552, enhanced: '5.3.4', reply: message };
    }
    if (response === '') return this.#withoutReply(message);
    if (command === 'STARTTLS')
      return withoutReply('starttls', `TLS is required, and STARTTLS is refused: ${response}`);
    if (this.#phase === 'opening') return classifyReply(openingStage(command), response);
    // What stood in the buffer when the connection ended is no complete reply.
    if (command === 'CONN' && (this.#phase === 'final' || !response.startsWith('421')))
      return this.#withoutReply(message);
    return classifyReply(this.#stageOf(code, command), response);
  }

  #stageOf(code: string | undefined, command: string): Stage {
    if (command === 'MAIL FROM') return 'mail';
    if (command === 'RCPT TO') return 'rcpt';
    // A server that replies before it has the whole mail has not taken it.
    return code === 'EMESSAGE' && this.#phase === 'final' ? 'dot' : 'data';
  }

  /** A server that says 250 before it has the whole mail cannot be believed. */
  #outcomeOfFinalReply(response: string): Outcome {
    if (this.#phase === 'final') return classifyReply('dot', response);
    return { kind: 'in-doubt', reply: `Reply before the end of the mail: ${response}` };
  }

  #withoutReply(what: string): Outcome {
    if (this.#phase === 'opening') return withoutReply('greeting', what);
    return withoutReply(this.#phase === 'final' ? 'dot' : 'data', what);
  }
}

/** A certificate is checked where there is something to protect: a password, or TLS that was asked for. */
function mustVerify(relay: Relay): boolean {
  return relay.secure || relay.requireTls || relay.login !== null;
}

function openingStage(command: string): Stage {
  if (command.startsWith('AUTH')) return 'auth';
  return command === 'CONN' ? 'greeting' : 'ehlo';
}
