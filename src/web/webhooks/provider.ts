import type { Feedback } from '../../mail/feedback.js';

/** A call of a webhook, before anything of it is believed. */
export interface WebhookCall {
  /** By name in lower case. */
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** What a provider tells of one mail. */
export interface ProviderEvent {
  /** The same whenever it is told again. */
  id: string;
  feedback: Pick<Feedback, 'kind' | 'enhanced' | 'reply'>;
  /** As in our header, with or without its angle brackets. */
  messageId: string | null;
  email: string | null;
}

/** A call that does not come from the provider, or is not of now. */
export class Forged extends Error {}

/** How far a call's time may be from ours, in milliseconds: what is older may be somebody's recording. */
const window = 5 * 60_000;

/** @throws Forged where a time is too far from ours, or none */
export function checkTime(at: Date, now: Date, allowed = window): void {
  if (!(Math.abs(now.getTime() - at.getTime()) <= allowed)) throw new Forged('its time is not of now');
}

/** The enhanced status code in what a server said; null where there is none. */
export function enhancedIn(text: string): string | null {
  return /\b[245]\.\d{1,3}\.\d{1,3}\b/.exec(text)?.[0] ?? null;
}
