import type { ParsedMail } from 'mailparser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSmtpServer, type TestSmtpServer } from '../helpers/smtp-server.js';
import { type RunningService, useInstallation } from './offprint.js';

const installation = useInstallation();
let relay: TestSmtpServer;
let service: RunningService;
beforeAll(async () => {
  relay = await startSmtpServer();
  service = await installation().start({ SMTP_URL: relay.url });
});
afterAll(async () => {
  await service.stop();
  await relay.close();
});

const request = async (method: string, url: string, form?: Record<string, string> | [string, string][]) => {
  const body = form ? new URLSearchParams(form) : null;
  const response = await fetch(url, { method, body, redirect: 'manual' });
  return { status: response.status, text: await response.text() };
};
const stats = async () => JSON.parse(await installation().run('stats', '--json'));
const link = (mail: ParsedMail | undefined, purpose: string) =>
  new RegExp(`http://\\S+/${purpose}/[\\w.~-]+`).exec(mail?.text ?? '')?.[0] ?? '';

describe('from the first visit to the last mail, by HTTP and SMTP alone', () => {
  it('a visitor subscribes, confirms, gets a digest, changes the preferences, and leaves', async () => {
    await service.showsPapers();
    const front = await request('GET', service.webUrl);
    expect(front.text).toContain('Get trending papers in your email inbox');
    expect(front.text).toContain('Diffusion models for video');

    const fields = { email: 'ada@example.org', topics: 'agents', timezone: 'Asia/Tokyo' };
    expect((await request('POST', `${service.webUrl}/subscribe`, fields)).status).toBe(202);
    const [confirmation] = await relay.received(1);
    const confirm = link(confirmation, 'confirm');
    expect((await request('GET', confirm)).text).toContain('<form method="post">');
    expect((await stats()).subscribers).toMatchObject({ pending: 1, active: 0 });

    expect((await request('POST', confirm)).status).toBe(200);
    const [, digest] = await relay.received(2);
    expect(digest?.subject).toContain('Agents that plan');
    expect(digest?.text).toContain('Why: AI agents');
    expect(digest?.text).toMatch(
      /The most voted of those: Diffusion models for video \(\d+\svotes\), on Video\s+generation/,
    );
    expect(digest?.text?.match(/^\d\. /gm)).toHaveLength(1);
    expect(digest?.html).toContain('https://arxiv.org/abs/2602.0');
    expect((await stats()).subscribers).toMatchObject({ pending: 0, active: 1 });
    expect((await request('GET', link(digest, 'digests'))).text).toContain('Agents that plan');

    const preferences = link(digest, 'preferences');
    expect((await request('GET', preferences)).text).toContain('Asia/Tokyo');
    const changed = { topics: 'diffusion', timezone: 'Europe/Berlin', hour: '6', frequency: 'weekdays' };
    const saved = await request('POST', preferences, { ...changed, papersPerDigest: '5', abstractLength: 'full' });
    expect(saved.status).toBe(303);
    expect((await request('GET', `${preferences}/export`)).status).toBe(404);
    expect((await request('POST', `${preferences}/data`)).status).toBe(202);
    const [, , data] = await relay.received(3);
    const kept = JSON.parse((await request('GET', `${link(data, 'preferences')}/export`)).text);
    expect(JSON.stringify(kept)).toContain('Europe/Berlin');
    expect(JSON.stringify(kept)).toContain('"diffusion"');

    const oneClick = /<(http[^>]+)>/.exec(
      String(digest?.headerLines.find(({ key }) => key === 'list-unsubscribe')?.line),
    );
    const left = await request('POST', oneClick?.[1] ?? '', { 'List-Unsubscribe': 'One-Click' });
    expect(left.status).toBe(200);
    expect(await stats()).toMatchObject({
      subscribers: { active: 0, unsubscribed: 1 },
      digests: { sent: 1, queued: 0, sending: 0, failed: 0 },
    });
    expect(relay.mails).toHaveLength(3);
  }, 60_000);
});
