import { type KeyObject, verify } from 'node:crypto';
import { z } from 'zod';
import { maskAddresses } from '../../mail/outcome.js';
import { checkTime, enhancedIn, Forged, type ProviderEvent, type WebhookCall } from './provider.js';

const events = z.array(
  z.object({
    sg_event_id: z.string(),
    event: z.string(),
    type: z.string().optional(),
    email: z.string().optional(),
    'smtp-id': z.string().optional(),
    status: z.string().optional(),
    reason: z.string().optional(),
    response: z.string().optional(),
  }),
);

const signatureHeader = 'x-twilio-email-event-webhook-signature';
const timeHeader = 'x-twilio-email-event-webhook-timestamp';

/**
 * SendGrid's signed event webhook: ECDSA over the time and the body as it came.
 * @throws Forged, and ZodError or SyntaxError where it is none of theirs
 */
export function readSendGrid({ headers, body }: WebhookCall, key: KeyObject, now: Date): ProviderEvent[] {
  const signature = Buffer.from(String(headers[signatureHeader] ?? ''), 'base64');
  const time = String(headers[timeHeader] ?? '');
  if (!verify('sha256', Buffer.concat([Buffer.from(time), body]), key, signature))
    throw new Forged('its signature is not SendGrid’s');
  checkTime(new Date(Number(time) * 1_000), now);
  return events.parse(JSON.parse(body.toString())).flatMap((event) => {
    const kind = kindOf(event.event, event.type);
    if (!kind) return [];
    const said = event.reason || event.response || event.event;
    const enhanced = event.status ? enhancedIn(event.status) : enhancedIn(said);
    return [
      {
        id: event.sg_event_id,
        feedback: { kind, enhanced, reply: maskAddresses(said) },
        messageId: event['smtp-id'] ?? null,
        email: event.email ?? null,
      },
    ];
  });
}

/** "blocked" is for what a server thinks of the sender: it is told as a bounce, and blames nobody's address. */
function kindOf(event: string, type: string | undefined): ProviderEvent['feedback']['kind'] | null {
  switch (event) {
    case 'bounce':
      return type === 'blocked' ? 'delayed' : 'bounced';
    case 'deferred':
      return 'delayed';
    case 'spamreport':
      return 'complaint';
    case 'delivered':
      return 'delivered';
    default:
      return null;
  }
}
