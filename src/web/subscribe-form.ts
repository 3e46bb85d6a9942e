import type { TimeZones } from '../database/time-zones.js';
import type { FieldError } from '../subscribers/field-error.js';
import { timeZoneChoices, topicChoices } from './choices.js';
import { type Body, listOf, typed } from './forms.js';

/** The subscribe form as its template shows it: with what was typed before, and what was wrong with it. */
export function subscribeForm(zones: TimeZones, body: Body = {}, errors: FieldError[] = []) {
  const chosen = listOf(body['topics']);
  const timezone = typed(body['timezone']);
  return {
    email: typed(body['email']),
    topics: topicChoices(Array.isArray(chosen) ? chosen : []),
    timezone,
    timeZones: timeZoneChoices(zones, timezone),
    errors: Object.fromEntries(errors.map(({ field, message }) => [field, message])),
  };
}
