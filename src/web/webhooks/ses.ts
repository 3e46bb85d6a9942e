import { verify, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { maskAddresses } from '../../mail/outcome.js';
import { checkTime, enhancedIn, Forged, type ProviderEvent, type WebhookCall } from './provider.js';

const envelope = z.object({
  Type: z.enum(['Notification', 'SubscriptionConfirmation', 'UnsubscribeConfirmation']),
  MessageId: z.string(),
  TopicArn: z.string(),
  Timestamp: z.string(),
  Message: z.string(),
  Subject: z.string().nullish(),
  Token: z.string().optional(),
  SubscribeURL: z.string().optional(),
  SignatureVersion: z.enum(['1', '2']),
  Signature: z.string(),
  SigningCertURL: z.string(),
});
type Envelope = z.output<typeof envelope>;

const recipients = z.array(
  z.object({ emailAddress: z.string(), status: z.string().optional(), diagnosticCode: z.string().optional() }),
);
const notification = z.object({
  notificationType: z.string().optional(),
  eventType: z.string().optional(),
  mail: z.object({
    destination: z.array(z.string()).default([]),
    commonHeaders: z.object({ messageId: z.string().optional() }).optional(),
    headers: z.array(z.object({ name: z.string(), value: z.string() })).optional(),
  }),
  bounce: z.object({ bounceType: z.string(), bouncedRecipients: recipients }).optional(),
  complaint: z.object({ complainedRecipients: recipients, complaintFeedbackType: z.string().nullish() }).optional(),
  delivery: z.object({ recipients: z.array(z.string()).default([]), smtpResponse: z.string().optional() }).optional(),
});

/** SNS tries again for an hour, with the time of the first call. */
const window = 65 * 60_000;

/** Only from here is a certificate taken, and only here is a subscription confirmed: never what somebody else can put there. */
const amazonHost = /^sns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$/;

/** What is asked of Amazon over the network; the address is checked. */
export interface Amazon {
  /** The certificate at an address, as PEM. */
  certificate(url: URL): Promise<string>;
  confirmSubscription(url: URL): Promise<void>;
}

/**
 * Amazon SES by way of SNS: https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html. A subscription is
 * confirmed for the topics that are configured. Nothing is fetched for any other.
 * @throws Forged, and ZodError or SyntaxError where it is none of theirs
 */
export async function readSes(
  { body }: WebhookCall,
  topics: readonly string[],
  now: Date,
  amazon: Amazon,
): Promise<ProviderEvent[]> {
  const told = envelope.parse(JSON.parse(body.toString()));
  if (!topics.includes(told.TopicArn)) throw new Forged('its topic is not ours');
  checkTime(new Date(told.Timestamp), now, window);
  const certificate = new X509Certificate(
    await amazon.certificate(amazonUrl(told.SigningCertURL, /^\/SimpleNotificationService-\w+\.pem$/)),
  );
  const algorithm = told.SignatureVersion === '2' ? 'sha256' : 'sha1';
  if (!verify(algorithm, Buffer.from(signedText(told)), certificate.publicKey, Buffer.from(told.Signature, 'base64')))
    throw new Forged('its signature is not Amazon’s');
  if (told.Type === 'SubscriptionConfirmation')
    await amazon.confirmSubscription(amazonUrl(told.SubscribeURL ?? '', /^\/$/));
  return told.Type === 'Notification' ? eventsOf(told.MessageId, notification.parse(JSON.parse(told.Message))) : [];
}

function amazonUrl(text: string, path: RegExp): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== 'https:' || url.port || !amazonHost.test(url.hostname) || !path.test(url.pathname))
    throw new Forged('it leads to another address than Amazon’s');
  return url;
}

function signedText(told: Envelope): string {
  const names =
    told.Type === 'Notification'
      ? (['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'] as const)
      : (['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'] as const);
  return names.map((name) => (told[name] == null ? '' : `${name}\n${told[name]}\n`)).join('');
}

function eventsOf(
  id: string,
  { mail, bounce, complaint, delivery, ...told }: z.output<typeof notification>,
): ProviderEvent[] {
  const header = mail.headers?.find(({ name }) => name.toLowerCase() === 'message-id')?.value;
  const messageId = header ?? mail.commonHeaders?.messageId ?? null;
  const event = (email: string, feedback: ProviderEvent['feedback']) => ({
    id: `${id}:${email}`,
    feedback,
    messageId,
    email,
  });
  switch (told.notificationType ?? told.eventType) {
    case 'Bounce':
      return (bounce?.bouncedRecipients ?? []).map(({ emailAddress, status, diagnosticCode }) => {
        const permanent = bounce?.bounceType === 'Permanent';
        const said = diagnosticCode ?? status ?? `${bounce?.bounceType} bounce`;
        const enhanced = enhancedIn(status ?? '') ?? enhancedIn(said) ?? '5.1.1';
        return event(emailAddress, { kind: permanent ? 'bounced' : 'delayed', enhanced, reply: maskAddresses(said) });
      });
    case 'Complaint':
      return (complaint?.complainedRecipients ?? []).map(({ emailAddress }) => {
        const reply = `complaint: ${complaint?.complaintFeedbackType ?? 'abuse'}`;
        return event(emailAddress, { kind: 'complaint', enhanced: null, reply });
      });
    case 'Delivery':
      return (delivery?.recipients ?? []).map((email) =>
        event(email, {
          kind: 'delivered',
          enhanced: null,
          reply: maskAddresses(delivery?.smtpResponse ?? 'delivered'),
        }),
      );
    default:
      return [];
  }
}
