import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import express from 'express';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/secret.js';
import { webhookRoutes } from '../../src/web/routes/webhooks.js';
import { planDigests, startMorning } from '../digests/delivery.js';
import { useContext } from '../helpers/context.js';
import { amazonCertificate, amazonKey } from './amazon-key.js';
import { serve } from './site.js';

const topic = 'arn:aws:sns:eu-west-1:123456789012:bounces';
const mailgunKey = 'key-0123456789abcdef';
const sendgrid = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const context = useContext(
  {
    WEBHOOK_MAILGUN_KEY: mailgunKey,
    WEBHOOK_POSTMARK_LOGIN: 'offprint:a-long-password-1234',
    WEBHOOK_SENDGRID_KEY: sendgrid.publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    WEBHOOK_SES_TOPIC: topic,
  },
  [/a webhook was called wrongly/],
);

let server: Awaited<ReturnType<typeof serve>>;
/** What was asked of Amazon. */
let fetched: string[];
beforeAll(async () => {
  const app = express();
  const site = { ctx: context(), isStopping: () => false } as unknown as Parameters<typeof webhookRoutes>[0];
  app.use(
    webhookRoutes(site, {
      certificate: async ({ href }) => {
        fetched.push(href);
        return amazonCertificate;
      },
      confirmSubscription: async ({ href }) => void fetched.push(href),
    }),
  );
  server = await serve(app);
});
afterAll(() => server.close());

/** A subscriber whose digest was sent. */
let reader: { email: string; digestId: string };
beforeEach(async () => {
  fetched = [];
  await startMorning(context());
  await planDigests(context(), 1);
  const { prisma, pool } = context().db;
  await pool.query("update digests set status = 'sent', attempts = 1; delete from webhook_events");
  const [subscriber, digest] = [await prisma.subscriber.findFirstOrThrow(), await prisma.digest.findFirstOrThrow()];
  reader = { email: subscriber.email, digestId: digest.id };
});

const call = async (provider: string, body: string, headers: Record<string, string> = {}) => {
  const response = await fetch(`http://127.0.0.1:${server.port}/webhooks/${provider}`, {
    method: 'POST',
    body,
    headers,
  });
  return response.status;
};
const standing = async () => {
  const { prisma } = context().db;
  return [(await prisma.subscriber.findFirstOrThrow()).status, (await prisma.digest.findFirstOrThrow()).status];
};
const seconds = (offset = 0) => `${Math.floor(context().time.now.getTime() / 1_000) + offset}`;
const untouched = ['active', 'sent'];

interface Told {
  kind: 'hard' | 'soft' | 'complaint';
  /** Seconds from now. */
  at?: number;
  id?: string;
  forged?: boolean;
}

/** Each provider's own way to tell that a mail has bounced or was called spam, signed as it does. */
const providers: Record<string, (told: Told) => Promise<number>> = {
  mailgun: ({ kind, at = 0, id = 'token-1', forged = false }) => {
    const timestamp = seconds(at);
    const signature = createHmac('sha256', forged ? 'another' : mailgunKey)
      .update(timestamp + id)
      .digest('hex');
    const data = {
      event: kind === 'complaint' ? 'complained' : 'failed',
      severity: kind === 'hard' ? 'permanent' : 'temporary',
      recipient: reader.email,
      message: { headers: { 'message-id': `${reader.digestId}@example.org` } },
      'delivery-status': { code: 550, 'enhanced-code': '5.1.1', message: `550 5.1.1 <${reader.email}>: unknown` },
    };
    return call('mailgun', JSON.stringify({ signature: { timestamp, token: id, signature }, 'event-data': data }));
  },
  sendgrid: ({ kind, at = 0, id = 'event-1', forged = false }) => {
    const event = { hard: 'bounce', soft: 'deferred', complaint: 'spamreport' }[kind];
    const body = JSON.stringify([
      {
        sg_event_id: id,
        event,
        type: 'bounce',
        email: reader.email,
        'smtp-id': `<${reader.digestId}@example.org>`,
        status: '5.1.1',
      },
    ]);
    const time = seconds(at);
    const signature = sign('sha256', Buffer.from(time + (forged ? `${body} ` : body)), sendgrid.privateKey);
    return call('sendgrid', body, {
      'x-twilio-email-event-webhook-signature': signature.toString('base64'),
      'x-twilio-email-event-webhook-timestamp': time,
    });
  },
  postmark: ({ kind, id = '42', forged = false }) => {
    const types = { hard: 'HardBounce', soft: 'Transient', complaint: 'SpamComplaint' };
    const RecordType = kind === 'complaint' ? 'SpamComplaint' : 'Bounce';
    const body = JSON.stringify({
      RecordType,
      ID: Number(id.replace(/\D/g, '')),
      Type: types[kind],
      Email: reader.email,
    });
    const login = Buffer.from(`offprint:${forged ? 'a-long-password-1235' : 'a-long-password-1234'}`).toString(
      'base64',
    );
    return call('postmark', body, { authorization: `Basic ${login}` });
  },
  ses: ({ kind, at = 0, id = 'message-1', forged = false }) =>
    callSes({ Message: sesMessage(kind), MessageId: id }, at, forged),
};

function sesMessage(kind: Told['kind']): string {
  const recipients = [{ emailAddress: reader.email, status: '5.1.1', diagnosticCode: 'smtp; 550 5.1.1 unknown' }];
  const mail = {
    destination: [reader.email],
    headers: [{ name: 'Message-ID', value: `<${reader.digestId}@example.org>` }],
  };
  return JSON.stringify(
    kind === 'complaint'
      ? { notificationType: 'Complaint', mail, complaint: { complainedRecipients: [{ emailAddress: reader.email }] } }
      : {
          notificationType: 'Bounce',
          mail,
          bounce: { bounceType: kind === 'hard' ? 'Permanent' : 'Transient', bouncedRecipients: recipients },
        },
  );
}

function callSes(given: Record<string, string>, at = 0, forged = false): Promise<number> {
  const told: Record<string, string> = {
    Type: 'Notification',
    TopicArn: topic,
    Timestamp: new Date(context().time.now.getTime() + at * 1_000).toISOString(),
    SignatureVersion: '2',
    SigningCertURL: 'https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123abc.pem',
    ...given,
  };
  const names = ['Message', 'MessageId', 'Subject', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'];
  const text = names
    .filter((name) => told[name] !== undefined)
    .map((name) => `${name}\n${told[name]}\n`)
    .join('');
  const signature = sign(
    told['SignatureVersion'] === '1' ? 'sha1' : 'sha256',
    Buffer.from(forged ? `${text} ` : text),
    amazonKey,
  );
  return call('ses', JSON.stringify({ ...told, Signature: signature.toString('base64') }), {
    'content-type': 'text/plain',
  });
}

describe.each(Object.keys(providers))('the webhook of %s', (name) => {
  const tell = (told: Told) => (providers[name] as (told: Told) => Promise<number>)(told);

  it('takes an address that does not exist off the list', async () => {
    expect(await tell({ kind: 'hard' })).toBe(200);
    expect((await standing())[0]).toBe('bounced');
  });

  it('takes whoever calls a mail spam off the list', async () => {
    expect(await tell({ kind: 'complaint' })).toBe(200);
    expect((await standing())[0]).toBe('complained');
  });

  it('changes nothing for what passes', async () => {
    expect(await tell({ kind: 'soft' })).toBe(200);
    expect(await standing()).toEqual(untouched);
  });

  it('row 54: refuses what is forged, and changes nothing', async () => {
    expect(await tell({ kind: 'complaint', forged: true })).toBe(401);
    expect(await standing()).toEqual(untouched);
  });

  it('row 54: takes an event in once: a replay does not end a subscription that was taken up again', async () => {
    expect(await tell({ kind: 'complaint' })).toBe(200);
    await context().db.pool.query("update subscribers set status = 'active'");
    expect(await tell({ kind: 'complaint' })).toBe(200);
    expect((await standing())[0]).toBe('active');
  });

  it('cannot be called with what is no event', async () => {
    for (const body of ['', '{}', '[', 'null', '"x"']) expect([400, 401]).toContain(await call(name, body));
    expect(await standing()).toEqual(untouched);
  });
});

describe.each([
  ['mailgun', 6 * 60],
  ['sendgrid', 6 * 60],
  ['ses', 2 * 3_600],
])('the webhook of %s', (name, tooLong) => {
  it.each([-1, 1])('refuses what was signed at another time (%i)', async (sign) => {
    expect(await providers[name]?.({ kind: 'complaint', at: sign * tooLong })).toBe(401);
    expect(await standing()).toEqual(untouched);
  });
});

describe('the webhook of Amazon SES', () => {
  it('takes the older signatures, too', async () => {
    expect(await callSes({ Message: sesMessage('hard'), MessageId: 'm', SignatureVersion: '1' })).toBe(200);
    expect((await standing())[0]).toBe('bounced');
  });

  it('fetches nothing for another topic', async () => {
    const TopicArn = 'arn:aws:sns:eu-west-1:123456789012:other';
    expect(await callSes({ Message: sesMessage('hard'), MessageId: 'm', TopicArn })).toBe(401);
    expect(fetched).toEqual([]);
  });

  it.each([
    'https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-0.pem',
    'https://s3.amazonaws.com/SimpleNotificationService-0.pem',
    'https://sns.eu-west-1.amazonaws.com/evil.pem',
    'https://sns.eu-west-1.amazonaws.com:8443/SimpleNotificationService-0.pem',
    'http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem',
    'https://user@evil.example/SimpleNotificationService-0.pem',
    'file:///etc/passwd',
  ])('fetches no certificate from %s', async (SigningCertURL) => {
    expect(await callSes({ Message: sesMessage('hard'), MessageId: 'm', SigningCertURL })).toBe(401);
    expect([fetched, await standing()]).toEqual([[], untouched]);
  });

  const confirmation = {
    Type: 'SubscriptionConfirmation',
    MessageId: 'm',
    Message: 'You have chosen to subscribe',
    Token: 'token',
  };

  it('confirms the subscription of its topic', async () => {
    const SubscribeURL = `https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=${topic}&Token=token`;
    expect(await callSes({ ...confirmation, SubscribeURL })).toBe(200);
    expect(fetched[1]).toBe(SubscribeURL);
  });

  it('confirms nothing anywhere else', async () => {
    const SubscribeURL = 'https://169.254.169.254/latest/meta-data/';
    expect(await callSes({ ...confirmation, SubscribeURL })).toBe(401);
    expect(fetched).toHaveLength(1);
  });
});

describe('a webhook', () => {
  it('of a provider that is unknown, or not configured, is not there', async () => {
    for (const name of ['sparkpost', 'constructor', '__proto__']) expect(await call(name, '{}')).toBe(404);
    const app = express();
    const { config } = context();
    const webhooks = { sesTopics: null, postmarkLogin: null, sendgridKey: null, mailgunKey: new Secret('x') };
    const ctx = { ...context(), config: { ...config, webhooks } };
    app.use(webhookRoutes({ ctx } as unknown as Parameters<typeof webhookRoutes>[0]));
    const other = await serve(app);
    const response = await fetch(`http://127.0.0.1:${other.port}/webhooks/ses`, { method: 'POST', body: '{}' });
    await other.close();
    expect(response.status).toBe(404);
  });
});
