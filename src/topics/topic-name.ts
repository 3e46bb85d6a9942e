import type { Texts } from '../languages/texts.js';
import { vocabulary } from './vocabulary.js';

/** What topics are called in English, by slug. */
export const topicNames: Readonly<Record<string, string>> = Object.fromEntries(
  vocabulary.map(({ slug, name }) => [slug, name]),
);

/**
 * What a topic is called in a language.
 * @param name in English, for where the language has none
 */
export function topicName(texts: Texts, slug: string, name: string): string {
  return texts.find(`topic.${slug}`) ?? name;
}

/** What belongs to a topic, in a language. @param description in English */
export function topicDescription(texts: Texts, slug: string, description: string): string {
  return texts.find(`topic.${slug}.about`) ?? description;
}

const slugs = new Map(vocabulary.map(({ slug, name }) => [name, slug]));

/** What a topic is called in a language that is called so in English; the same where there is no such topic. */
export function translatedTopic(texts: Texts, name: string): string {
  const slug = slugs.get(name);
  return texts.find(`topic named ${name}`) ?? (slug === undefined ? name : topicName(texts, slug, name));
}

/** All names of topics in a language, as texts that go on to be found when topics are renamed. */
export function topicNameTexts(texts: Texts): Record<string, string> {
  const entries = vocabulary.flatMap(({ slug, name }) => {
    const translated = topicName(texts, slug, name);
    return [
      [`topic.${slug}`, translated],
      [`topic named ${name}`, translated],
    ];
  });
  return Object.fromEntries(entries);
}
