import type { Texts } from '../languages/texts.js';
import { translatedTopic } from '../topics/topic-name.js';

/** Why a paper is in a digest. The plan writes it down in English; a mail or a page puts it into its reader's language. */

/** By an author whom the subscriber follows. */
export function authorReason(name: string): string {
  return `author ${name}`;
}

/** For a phrase of the subscriber's. @param words that were found */
export function phraseReason(words: string | undefined): string {
  return `your phrase “${words}”`;
}

/** For a topic. @param words that decided; none where no words did */
export function topicReason(name: string, words: string | undefined): string {
  return words === undefined ? name : `${name} (${words})`;
}

/** A topic, and the words that decided: "AI agents (tool use)". */
export function splitReason(reason: string): { name: string; words: string | null } {
  const [, name, words] = /^(.+?) \((.+)\)$/s.exec(reason) ?? [];
  return name !== undefined && words !== undefined ? { name, words } : { name: reason, words: null };
}

/** A reason in a language. */
export function reasonIn(texts: Texts, reason: string): string {
  const [, author] = /^author (.+)$/s.exec(reason) ?? [];
  if (author !== undefined) return texts.t('digest.reasonAuthor', { name: author });
  const [, phrase] = /^your phrase “(.+)”$/s.exec(reason) ?? [];
  if (phrase !== undefined) return texts.t('digest.reasonPhrase', { words: phrase });
  const { name, words } = splitReason(reason);
  return topicReason(translatedTopic(texts, name), words ?? undefined);
}
