import type { Config, SourceSpec } from '../config.js';
import { arxiv, politePauseMs } from './arxiv.js';
import { feed } from './feed.js';
import { paperFile } from './file.js';
import { guardedFetch } from './guarded-fetch.js';
import { type Fetching, RetryBudget } from './http.js';
import { huggingFace } from './huggingface.js';
import type { Source } from './source.js';

/** Feeds as they came last, for as long as the process runs. */
const kept: NonNullable<Fetching['kept']> = new Map();
const retryBudgetMs = 5_000;

/**
 * Makes the source that a specification names.
 * @param date the only day that will be asked for, YYYY-MM-DD
 */
export function openSource(config: Config, spec: SourceSpec, date?: string): Source {
  const { baseUrl } = config.web;
  const retryBudget = new RetryBudget(retryBudgetMs);
  switch (spec.kind) {
    case 'huggingface':
      return huggingFace(config.huggingfaceUrl, { retryBudget, baseUrl });
    case 'arxiv':
      return arxiv(config.arxivUrl, spec.categories, {
        retryBudget: new RetryBudget(retryBudgetMs, politePauseMs),
        baseUrl,
        kept,
      });
    case 'feed':
      return feed(
        spec.url,
        isOperators(config, spec.url)
          ? { retryBudget, baseUrl, kept }
          : { retryBudget, baseUrl, kept, fetch: guardedFetch },
      );
    case 'file':
      return paperFile(`file:${spec.path}`, spec.path, date);
  }
}

/** Whether the address is at a host that the operator has set for a source: there a private network is meant. */
function isOperators({ huggingfaceUrl, arxivUrl }: Config, url: string): boolean {
  return [huggingfaceUrl, arxivUrl].some((own) => new URL(own).origin === new URL(url).origin);
}

/** Names of the configured sources whose list of a day grows until the day is over. */
export function growingSources(config: Config): string[] {
  return config.sources
    .map((spec) => openSource(config, spec))
    .filter((source) => source.growsByDay)
    .map(({ name }) => name);
}
