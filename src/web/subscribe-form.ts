import type { Texts } from '../languages/texts.js';
import type { FieldError } from '../subscribers/field-error.js';
import { groupedTopics, timeZoneChoices } from './choices.js';
import { type Body, listOf, typed } from './forms.js';
import type { Site } from './site.js';

/** The subscribe form as its template shows it: with what was typed before, and what was wrong with it. */
export async function subscribeForm(
  texts: Texts,
  { ctx: { timeZones: zones }, topicCounts }: Pick<Site, 'ctx' | 'topicCounts'>,
  body: Body = {},
  errors: FieldError[] = [],
) {
  const chosen = listOf(body['topics']);
  const timezone = typed(body['timezone']);
  return {
    email: typed(body['email']),
    groups: groupedTopics(texts, Array.isArray(chosen) ? chosen : [], await topicCounts()),
    timezone,
    timeZones: timeZoneChoices(texts, zones, timezone),
    errors: Object.fromEntries(errors.map(({ field, message }) => [field, message])),
  };
}
