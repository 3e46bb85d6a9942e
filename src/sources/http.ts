import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { projectPath } from '../project.js';
import { operatorsFetch } from './guarded-fetch.js';
import { SourceError } from './source.js';

const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(projectPath('package.json'), 'utf8')));

const attempts = 3;
const headersMs = 4_000;
const bodyMs = 20_000;
const maxBytes = 8 * 1024 * 1024;

/**
 * How long a source may keep one reading waiting by failing, over all its requests together. So a source that is down
 * costs this time once, however many days are asked for.
 */
export class RetryBudget {
  #leftMs: number;
  readonly #firstBackOffMs: number;
  constructor(totalMs = 5_000, firstBackOffMs = totalMs / 20) {
    this.#leftMs = totalMs;
    this.#firstBackOffMs = firstBackOffMs;
  }
  get leftMs(): number {
    return this.#leftMs;
  }
  /** What went wrong last. */
  error = '';
  /** Counts a failure and how long it took. */
  spend(ms: number, error = this.error): void {
    this.#leftMs -= ms;
    this.error = error;
  }
  /** The pause after an attempt that failed, counted from 0: twice as long each time. */
  backOffMs(attempt: number): number {
    return this.#firstBackOffMs * 2 ** attempt;
  }
}

export interface Fetching {
  retryBudget: RetryBudget;
  /** Public address of this Offprint, told to the source. */
  baseUrl: string;
  /** What asks; by default what reaches any address, but follows redirects to another server only into the public Internet. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Answers by address: one that has an ETag is kept here, and not sent again while it has not changed (RFC 9110 §13.1.2). */
  kept?: Map<string, { etag: string; text: string }>;
}

/** How this software names itself to the sources it reads. */
function userAgent(baseUrl: string): string {
  return `Offprint/${version} (+${baseUrl})`;
}

/** A request that came to nothing. */
interface Failed {
  error: string;
  /** Whether it may go better in a while, and after how many milliseconds if the source says so. */
  again: false | { afterMs: number | null };
  /** There was no answer at all: other requests to the same server are as vain. */
  unreachable?: boolean;
}

/**
 * Gets a text over HTTP. Asks again, a bounded number of times, where the source is busy or out of reach.
 * @returns the body; no more than 8 MB
 * @throws SourceError saying what the source answered, or why it did not
 */
export async function fetchText(url: string, fetching: Fetching): Promise<string> {
  const { retryBudget } = fetching;
  for (let attempt = 0; ; attempt++) {
    if (retryBudget.leftMs <= 0) throw new SourceError(retryBudget.error);
    const started = performance.now();
    const outcome = await ask(url, fetching);
    if (typeof outcome === 'string') return outcome;
    retryBudget.spend(performance.now() - started, outcome.error);
    const waitMs = outcome.again ? (outcome.again.afterMs ?? retryBudget.backOffMs(attempt)) : Number.POSITIVE_INFINITY;
    if (attempt + 1 === attempts || waitMs >= retryBudget.leftMs) {
      if (outcome.unreachable) retryBudget.spend(retryBudget.leftMs);
      throw new SourceError(outcome.error);
    }
    await sleep(waitMs);
    retryBudget.spend(waitMs);
  }
}

async function ask(url: string, fetching: Fetching): Promise<string | Failed> {
  const { retryBudget, baseUrl, fetch: fetchOne = operatorsFetch, kept } = fetching;
  const known = kept?.get(url);
  const controller = new AbortController();
  const limitMs = Math.max(1, Math.min(headersMs, retryBudget.leftMs));
  let timer = setTimeout(() => controller.abort(), limitMs);
  try {
    const headers = { 'user-agent': userAgent(baseUrl), ...(known && { 'if-none-match': known.etag }) };
    const response = await fetchOne(url, { headers, signal: controller.signal });
    clearTimeout(timer);
    timer = setTimeout(() => controller.abort(), bodyMs);
    if (response.ok)
      return keep(
        decode(await readBytes(response), response.headers.get('content-type')),
        url,
        response.headers.get('etag'),
        kept,
      );
    await response.body?.cancel();
    if (response.status === 304 && known) return known.text;
    return { error: `it answered ${response.status} ${response.statusText}`.trim(), again: retry(response) };
  } catch (error) {
    // A refusal from below, as of an address, comes wrapped.
    const refusal = error instanceof Error && error.cause instanceof SourceError ? error.cause : error;
    if (refusal instanceof SourceError) return { error: refusal.message, again: false };
    const slow = controller.signal.aborted;
    return {
      error: slow ? 'it did not answer in time' : `it cannot be reached: ${causeOf(error)}`,
      again: { afterMs: null },
      unreachable: true,
    };
  } finally {
    clearTimeout(timer);
  }
}

function keep(text: string, url: string, etag: string | null, kept: Fetching['kept']): string {
  if (etag === null) kept?.delete(url);
  else kept?.set(url, { etag, text });
  return text;
}

/** RFC 9110 §10.2.3: Retry-After is a number of seconds, or a date, which the server's own clock relates to. */
function retry({ status, headers }: Response): Failed['again'] {
  if (status !== 429 && status < 500) return false;
  const after = headers.get('retry-after');
  if (after === null) return { afterMs: null };
  const ms = /^\d+$/.test(after) ? Number(after) * 1_000 : Date.parse(after) - Date.parse(headers.get('date') ?? '');
  return { afterMs: Number.isNaN(ms) ? null : Math.max(0, ms) };
}

async function readBytes(response: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) throw new SourceError(`its answer is longer than ${maxBytes / 1024 / 1024} MB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * The text of a body. Its encoding is what a byte order mark says, else the header, else, of XML, its declaration (RFC 7303
 * §3); else UTF-8. One that is unknown is read as UTF-8.
 */
function decode(body: Buffer, contentType: string | null): string {
  const mark =
    body[0] === 0xff && body[1] === 0xfe ? 'utf-16le' : body[0] === 0xfe && body[1] === 0xff ? 'utf-16be' : null;
  const declared = /^<\?xml[^>]*?encoding=["']([\w.:-]+)["']/.exec(body.toString('latin1', 0, 200))?.[1];
  const label = mark ?? /charset="?([\w.:-]+)/i.exec(contentType ?? '')?.[1] ?? declared ?? 'utf-8';
  try {
    return new TextDecoder(label).decode(body);
  } catch {
    return new TextDecoder().decode(body);
  }
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  return cause.message || ('code' in cause ? String(cause.code) : cause.name);
}
