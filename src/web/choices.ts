import type { TimeZones } from '../database/time-zones.js';
import type { Texts } from '../languages/texts.js';
import { topicGroups } from '../topics/groups.js';
import { topicDescription, topicName } from '../topics/topic-name.js';
import { vocabulary } from '../topics/vocabulary.js';

/** Slugs of all topics. */
export const topicSlugs: readonly string[] = vocabulary.map(({ slug }) => slug);

/** The topics as checkboxes and lists show them. */
export function topicChoices(texts: Texts, chosen: readonly unknown[]) {
  return vocabulary.map(({ slug, name, description }) => ({
    slug,
    name: topicName(texts, slug, name),
    description: topicDescription(texts, slug, description),
    chosen: chosen.includes(slug),
  }));
}

/**
 * The topics in their groups, as forms show them.
 * @param papersAWeek by slug; what is not there has none
 */
export function groupedTopics(texts: Texts, chosen: readonly unknown[], papersAWeek: ReadonlyMap<string, number>) {
  const topics = new Map(topicChoices(texts, chosen).map((topic) => [topic.slug, topic]));
  return topicGroups.map(({ name, slugs }) => ({
    name: texts.t(name),
    topics: slugs.flatMap((slug) => {
      const topic = topics.get(slug);
      return topic ? [{ ...topic, papers: papersAWeek.get(slug) ?? 0 }] : [];
    }),
  }));
}

/** The time zones as a list shows them, by continent; the chosen one is in it even where it goes by another name there. */
export function timeZoneChoices(texts: Texts, zones: TimeZones, chosen: string) {
  const timeZones = zones.list();
  const names = chosen === '' || timeZones.includes(chosen) ? timeZones : [chosen, ...timeZones];
  const groups = new Map<string, { name: string; label: string; chosen: boolean }[]>();
  for (const name of names) {
    const [region = '', ...place] = name.split('/');
    const group = place.length > 0 ? region : texts.t('subscribe.world');
    const label = place.join(' / ').replaceAll('_', ' ') || name;
    groups.set(group, [...(groups.get(group) ?? []), { name, label, chosen: name === chosen }]);
  }
  return [...groups].map(([region, zones]) => ({ region, zones }));
}
