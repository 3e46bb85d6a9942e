import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Request, Response } from 'express';
import { LRUCache } from 'lru-cache';
import type { Context } from '../context.js';
import { textsOf } from './language.js';
import { renderFor } from './page.js';

const encode = {
  // The quality at which it takes no longer than gzip does.
  br: (page: Buffer) => promisify(brotliCompress)(page, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
  gzip: (page: Buffer) => promisify(gzip)(page),
  identity: async (page: Buffer) => page,
};
type Encoding = keyof typeof encode;

/** A page that was made, and compressed for whoever asks for it so, once each. */
class MadePage {
  readonly #html: string;
  readonly #encoded = new Map<Encoding, Promise<Buffer>>();

  constructor(html: string) {
    this.#html = html;
  }

  in(encoding: Encoding): Promise<Buffer> {
    const encoded = this.#encoded.get(encoding) ?? encode[encoding](Buffer.from(this.#html));
    this.#encoded.set(encoding, encoded);
    return encoded;
  }
}

/** No page that is shown is older, but for the time that it takes to make it. */
const oldestMs = 1_000;
/** Once it has so long to go, the next is made, and nobody waits for it. */
const renewMs = 500;
/** A page of a hundred papers is of 200 KB, and a tenth of it again compressed. */
const mostKept = 32;

/**
 * Pages that are the same for everybody who asks for an address in a language. Each is made once for all who ask while it is made and in
 * the second after, and for those who go on asking in time: to read a hundred papers, put them on a page and compress it takes longer than
 * all else that an answer takes.
 */
export class SharedPages {
  readonly #made: LRUCache<string, MadePage, () => Promise<string>>;

  constructor({ clock }: Pick<Context, 'clock'>) {
    this.#made = new LRUCache<string, MadePage, () => Promise<string>>({
      max: mostKept,
      ttl: oldestMs,
      ttlResolution: 0,
      perf: { now: () => clock().getTime() },
      // Whoever waits for a page that had to make room gets it all the same.
      ignoreFetchAbort: true,
      // One that could not be made again stays until it is too old.
      noDeleteOnFetchRejection: true,
      fetchMethod: async (_key, _stale, { context: make }) => new MadePage(await make()),
    });
  }

  /**
   * Answers with a page.
   * @param dataOf makes what its template is given
   * @throws Error what `dataOf` throws, to all who wait for the page
   */
  async send(res: Response, template: string, dataOf: () => Promise<object>): Promise<void> {
    const { req } = res;
    const key = `${textsOf(res).language} ${req.originalUrl}`;
    const msToGo = this.#made.getRemainingTTL(key);
    const page = await this.#made.forceFetch(key, {
      context: async () => renderFor(res, template, await dataOf()),
      allowStale: msToGo > 0,
      forceRefresh: msToGo > 0 && msToGo < renewMs,
    });
    const encoding = encodingFor(req);
    const body = await page.in(encoding);
    if (encoding !== 'identity') res.set('Content-Encoding', encoding);
    res.vary('Accept-Encoding').status(200).type('html').send(body);
  }
}

function encodingFor(req: Request): Encoding {
  if (req.acceptsEncodings('br')) return 'br';
  return req.acceptsEncodings('gzip') ? 'gzip' : 'identity';
}
