import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { findChromium, howToGetChromium } from '../helpers/chromium.js';
import { type RunningService, useInstallation } from './offprint.js';

const found = findChromium();

describe.skipIf(!found && !process.env['CI'])(found ? 'in a browser' : `in a browser. ${howToGetChromium}`, () => {
  const installation = useInstallation();
  let browser: Browser;
  let service: RunningService;
  beforeAll(async () => {
    if (!found) throw new Error(howToGetChromium);
    const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'];
    browser = await chromium.launch({ executablePath: found, args });
    service = await installation().start();
    await service.showsPapers();
  });
  afterAll(async () => {
    await browser?.close();
    await service?.stop();
  });

  /** Opens the newest mail with that subject in the local mailbox, as its reader does. */
  async function openMail(page: Page, subject: string) {
    // The mailbox does not show a mail that comes while its page is loading.
    await vi.waitFor(
      async () => {
        await page.goto(service.mailboxUrl ?? '');
        await page.getByText(subject).first().click({ timeout: 2_000 });
      },
      { timeout: 20_000 },
    );
    return page.frameLocator('iframe');
  }

  /** Follows a link of a mail. */
  async function follow(page: Page, mail: ReturnType<Page['frameLocator']>, name: string): Promise<void> {
    const address = await mail.getByRole('link', { name }).first().getAttribute('href');
    await page.goto(address ?? '');
  }

  it('a visitor subscribes, confirms, reads the digest, changes the preferences, and leaves', async () => {
    const page = await browser.newPage({ timezoneId: 'Asia/Tokyo' });
    await page.goto(service.webUrl);
    await page.getByLabel('E-mail address').fill('ada@example.org');
    await page.getByText('Choose topics').click();
    await page.getByLabel('AI agents').check();
    await page.getByRole('button', { name: 'Subscribe' }).click();
    await page.getByRole('heading', { name: 'Check your mailbox' }).waitFor();

    await follow(page, await openMail(page, 'Confirm your subscription'), 'Get today’s papers');
    await page.getByRole('button', { name: 'Send me today’s papers' }).click();
    await page.getByRole('heading', { name: 'You are subscribed' }).waitFor();

    const digest = await openMail(page, 'Agents that plan');
    await digest.getByText('match what you chose').or(digest.getByText('matches what you chose')).first().waitFor();
    await follow(page, digest, 'View in browser');
    await page.getByRole('link', { name: 'Agents that plan' }).first().waitFor();

    await follow(page, await openMail(page, 'Agents that plan'), 'Change');
    expect(await page.getByLabel('Time zone').inputValue()).toBe('Asia/Tokyo');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').first().waitFor();

    await follow(page, await openMail(page, 'Agents that plan'), 'Unsubscribe');
    await page.getByRole('button', { name: 'Unsubscribe' }).click();
    await page.getByRole('heading', { name: 'You are unsubscribed' }).waitFor();
    const { subscribers } = JSON.parse(await installation().run('stats', '--json'));
    expect(subscribers).toMatchObject({ active: 0, unsubscribed: 1 });
  }, 60_000);

  it('a visitor is taken though too many sign-ups came: the browser works for it', async () => {
    const page = await browser.newPage();
    const tried = [];
    for (let i = 0; i < 21; i++)
      tried.push(
        fetch(`${service.webUrl}/subscribe`, {
          method: 'POST',
          body: new URLSearchParams({ email: `crowd${i}@example.org` }),
        }),
      );
    expect((await Promise.all(tried)).map(({ status }) => status)).toContain(429);
    await page.goto(service.webUrl);
    await page.getByLabel('E-mail address').fill('late@example.org');
    await page.getByRole('button', { name: 'Subscribe' }).click();
    await page.getByRole('heading', { name: 'Check your mailbox' }).waitFor({ timeout: 30_000 });
    await openMail(page, 'Confirm your subscription');
  }, 60_000);

  it('every page fits a screen of 320 px', async () => {
    const page = await browser.newPage({ viewport: { width: 320, height: 640 } });
    for (const path of ['/', '/papers', '/confirm/x', '/preferences/x']) {
      await page.goto(`${service.webUrl}${path}`);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320);
    }
  });
});
