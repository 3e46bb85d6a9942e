import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { maskAddresses } from '../../mail/outcome.js';
import type { Secret } from '../../secret.js';
import { sameSecret } from '../same-secret.js';
import { checkTime, enhancedIn, Forged, type ProviderEvent, type WebhookCall } from './provider.js';

const call = z.object({
  signature: z.object({ timestamp: z.coerce.string(), token: z.string().min(1), signature: z.string() }),
  'event-data': z.object({
    event: z.string(),
    severity: z.string().optional(),
    recipient: z.string().optional(),
    reason: z.string().optional(),
    message: z.object({ headers: z.object({ 'message-id': z.string().optional() }).optional() }).optional(),
    'delivery-status': z
      .object({
        'enhanced-code': z.string().optional(),
        message: z.string().optional(),
        description: z.string().optional(),
      })
      .optional(),
  }),
});

/**
 * https://documentation.mailgun.com/docs/mailgun/user-manual/events/webhooks: HMAC-SHA256 over time and token.
 * @throws Forged, and ZodError or SyntaxError where it is none of theirs
 */
export function readMailgun({ body }: WebhookCall, key: Secret<string>, now: Date): ProviderEvent[] {
  const { signature: signed, 'event-data': data } = call.parse(JSON.parse(body.toString()));
  const expected = createHmac('sha256', key.reveal())
    .update(signed.timestamp + signed.token)
    .digest('hex');
  if (!sameSecret(signed.signature, expected)) throw new Forged('its signature is not Mailgun’s');
  checkTime(new Date(Number(signed.timestamp) * 1_000), now);
  const kind = kindOf(data.event, data.severity);
  if (!kind) return [];
  const status = data['delivery-status'];
  const said = status?.message || status?.description || data.reason || data.event;
  return [
    {
      id: signed.token,
      feedback: { kind, enhanced: status?.['enhanced-code'] || enhancedIn(said), reply: maskAddresses(said) },
      messageId: data.message?.headers?.['message-id'] ?? null,
      email: data.recipient ?? null,
    },
  ];
}

function kindOf(event: string, severity: string | undefined): ProviderEvent['feedback']['kind'] | null {
  if (event === 'failed') return severity === 'permanent' ? 'bounced' : 'delayed';
  if (event === 'complained') return 'complaint';
  return event === 'delivered' ? 'delivered' : null;
}
