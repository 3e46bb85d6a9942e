import { z } from 'zod';
import { maskAddresses } from '../../mail/outcome.js';
import type { Secret } from '../../secret.js';
import { basicLogin } from '../http-basic.js';
import { sameSecret } from '../same-secret.js';
import { enhancedIn, Forged, type ProviderEvent, type WebhookCall } from './provider.js';

const event = z.object({
  RecordType: z.string(),
  ID: z.number().optional(),
  Type: z.string().optional(),
  MessageID: z.string().optional(),
  Email: z.string().optional(),
  Recipient: z.string().optional(),
  Details: z.string().optional(),
  Description: z.string().optional(),
});

/** Of Postmark's types of bounces, those that say that the address does not exist. */
const deadAddress = ['HardBounce', 'BadEmailAddress'];

/**
 * https://postmarkapp.com/developer/webhooks/bounce-webhook. Postmark signs nothing: it is known by the password in the address.
 * @throws Forged, and ZodError or SyntaxError where it is none of theirs
 */
export function readPostmark({ headers, body }: WebhookCall, login: Secret<string>): ProviderEvent[] {
  const given = basicLogin(String(headers['authorization'] ?? ''));
  if (given === null || !sameSecret(given, login.reveal())) throw new Forged('it does not know the password');
  const told = event.parse(JSON.parse(body.toString()));
  const kind = kindOf(told.RecordType, told.Type);
  if (!kind) return [];
  const said = told.Details || told.Description || told.RecordType;
  const enhanced = deadAddress.includes(told.Type ?? '') ? '5.1.1' : enhancedIn(said);
  return [
    {
      id: `${told.RecordType}:${told.ID ?? told.MessageID}`,
      feedback: { kind, enhanced, reply: maskAddresses(said) },
      // Postmark gives mails an id of its own.
      messageId: null,
      email: told.Email ?? told.Recipient ?? null,
    },
  ];
}

function kindOf(record: string, type: string | undefined): ProviderEvent['feedback']['kind'] | null {
  if (record === 'SpamComplaint' || type === 'SpamComplaint') return 'complaint';
  if (record === 'Delivery') return 'delivered';
  if (record !== 'Bounce') return null;
  return deadAddress.includes(type ?? '') ? 'bounced' : 'delayed';
}
