import type { Page } from 'playwright-core';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { planWelcome } from '../../src/digests/plan.js';
import { confirmationCode } from '../../src/subscribers/confirmation-code.js';
import {
  confirmationLink,
  dataLinks,
  digestLink,
  feedbackLink,
  historyLinks,
  newAddressLink,
  subscriberLinks,
} from '../../src/subscribers/links.js';
import { hasNoBrowser, keepPicture, useBrowser, violationsOf } from '../helpers/browser.js';
import { makePaper, makeSubscriber } from '../helpers/rows.js';
import { pathOf, useSite } from './site.js';

const site = useSite({ OPERATOR_NAME: 'Physics Library', OPERATOR_URL: 'https://library.example' });
const signUpId = '0195e7a0-0000-7000-8000-000000000001';
const changeId = '0195e7a0-0000-7000-8000-000000000002';

/** Every page that a visitor or a subscriber meets, by name. */
const paths: Record<string, string> = {};

beforeAll(async () => {
  const { ctx } = site();
  const { prisma } = ctx.db;
  for (let i = 0; i < 12; i++)
    await makePaper(prisma, '2026-02-03', {
      title: `Harness${i}: Awakening static worlds for the agents that learn in them`,
      authors: ['Ada Lovelace', 'Alan Turing', 'Grace Hopper', 'Emmy Noether'],
      organization: 'Analytical Engines',
      summary: i % 2 ? 'In short, it works.' : null,
      abstract: 'We reshape static environments. '.repeat(20),
      upvotes: 40 - i,
      codeUrl: 'https://github.com/ada/harness',
      codeStars: 57,
      topics: ['agents', 'reasoning'],
    });
  const reader = await makeSubscriber(prisma, {
    topics: ['agents'],
    phrases: ['"static worlds"'],
    timezone: 'Europe/Berlin',
  });
  await prisma.$transaction((tx) => planWelcome(tx, ctx.clock(), reader.id));
  await prisma.digest.updateMany({ data: { status: 'sent', sentAt: ctx.clock() } });
  const { id } = await prisma.digest.findFirstOrThrow();
  await prisma.vote.create({
    data: {
      subscriberId: reader.id,
      paperId: (await prisma.paper.findFirstOrThrow()).id,
      more: true,
      votedAt: ctx.clock(),
    },
  });
  const newcomer = await makeSubscriber(prisma, { status: 'pending' });
  await prisma.signUp.create({
    data: {
      id: signUpId,
      subscriberId: newcomer.id,
      topics: ['agents'],
      timezone: 'Asia/Tokyo',
      requestedAt: ctx.clock(),
    },
  });
  const requestedAt = ctx.clock();
  await prisma.addressChange.create({
    data: { id: changeId, subscriberId: reader.id, email: 'new@example.net', requestedAt },
  });
  const left = await makeSubscriber(prisma, { status: 'unsubscribed' });
  const links = subscriberLinks(ctx, reader);
  const data = dataLinks(ctx, reader);
  Object.assign(paths, {
    home: '/',
    papers: '/papers',
    'papers of a topic': '/papers?topic=agents',
    'papers that are not there': '/papers?q=zebra',
    sample: '/sample?topics=agents',
    privacy: '/privacy',
    'not found': '/nowhere',
    'broken link': '/preferences/nonsense',
    confirm: pathOf(confirmationLink(ctx, newcomer, signUpId)),
    preferences: pathOf(links.preferences),
    'preferences with a topic to add': `${pathOf(links.preferences)}?add=robotics`,
    'preferences of who has left': pathOf(subscriberLinks(ctx, left).preferences),
    unsubscribe: pathOf(links.unsubscribe),
    'unsubscribed already': pathOf(subscriberLinks(ctx, left).unsubscribe),
    digest: pathOf(digestLink(ctx, reader, id)),
    feedback: `${pathOf(feedbackLink(ctx, reader, id))}?paper=2&vote=less`,
    history: pathOf(historyLinks(ctx, reader).history),
    erase: pathOf(data.erase),
    'change of address': pathOf(data.address),
    'new address': pathOf(newAddressLink(ctx, reader, changeId, requestedAt)),
  });
});

describe.skipIf(hasNoBrowser)('in a browser', () => {
  const browser = useBrowser();
  const url = (path: string) => new URL(path, site().url).href;

  it.each([
    ['light', 1_000, 'en'],
    ['dark', 320, 'en'],
    ['light', 320, 'de'],
    ['dark', 1_000, 'de'],
  ] as const)(
    'every page can be read by everybody and fits, with %s colours at %i px, in %s',
    async (colorScheme, width, language) => {
      await site().ctx.db.prisma.subscriber.updateMany({ data: { language } });
      await site().ctx.db.prisma.signUp.updateMany({ data: { language } });
      const viewport = { width, height: 800 };
      const context = await browser().newContext({ colorScheme, viewport, bypassCSP: true, locale: language });
      const page = await context.newPage();
      expect(Object.keys(paths)).toHaveLength(20);
      for (const [name, path] of Object.entries(paths)) {
        await page.goto(url(path));
        await page.evaluate('for (const details of document.querySelectorAll("details")) details.open = true');
        expect(await page.evaluate('document.documentElement.lang'), name).toBe(language);
        expect(await violationsOf(page), name).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth'), name).toBeLessThanOrEqual(width);
        await keepPicture(page, `page ${name} ${language} ${colorScheme} ${width}`);
      }
      await context.close();
      await site().ctx.db.prisma.subscriber.updateMany({ data: { language: 'en' } });
    },
    120_000,
  );

  it('nothing moves while the front page loads', async () => {
    const page = await browser().newPage({ viewport: { width: 1_000, height: 900 }, bypassCSP: true });
    await page.addInitScript(`
      globalThis.moved = 0;
      new PerformanceObserver((list) => { for (const entry of list.getEntries()) moved += entry.value; })
        .observe({ type: 'layout-shift', buffered: true });`);
    await page.goto(url('/'), { waitUntil: 'load' });
    await page.evaluate('new Promise((done) => setTimeout(done, 200))');
    expect(await page.evaluate('moved')).toBeLessThan(0.01);
    const first = await page.locator('article').first().boundingBox();
    expect(first?.y).toBeLessThan(450);
    await page.close();
  });

  it('the form says how many papers match the topics that are ticked', async () => {
    const page = await browser().newPage({ timezoneId: 'Asia/Tokyo' });
    await page.goto(url('/'));
    await page.getByText('Choose topics').click();
    await page.getByLabel('AI agents').check();
    await page.getByText('12 of the newest 12 papers').waitFor();
    await page.getByText('Daily at 08:00, Tokyo').waitFor();
    await page.close();
  });

  describe('without JavaScript', () => {
    let page: Page;
    beforeEach(async () => {
      const { pool } = site().ctx.db;
      await pool.query('truncate confirmation_requests, rate_limits');
      await pool.query("delete from subscribers where email = 'carla@example.org'");
      const context = await browser().newContext({ javaScriptEnabled: false, viewport: { width: 320, height: 640 } });
      page = await context.newPage();
    });

    /** The newest sign-up: what its mail says. */
    const mailed = async () => {
      const { ctx } = site();
      const signUp = await ctx.db.prisma.signUp.findFirstOrThrow({
        orderBy: { requestedAt: 'desc' },
        where: { id: { not: signUpId } },
      });
      return confirmationCode(ctx.keys, signUp.id);
    };

    it('somebody sees what they would get, signs up, confirms by the code, votes, pauses and leaves', async () => {
      await page.goto(url('/'));
      await page.getByText('Choose topics').click();
      await page.getByLabel('AI agents').check();
      await page.getByRole('button', { name: 'Show me what I would get' }).click();
      await page.getByRole('heading', { name: 'What you would have got' }).waitFor();
      await page.getByLabel('E-mail address').fill('carla@example.org');
      await page.getByRole('button', { name: 'Subscribe', exact: true }).click();
      await page.getByRole('heading', { name: 'Check your mailbox' }).waitFor();
      await page.getByLabel('Six-digit code').fill('000000');
      await page.getByRole('button', { name: 'Confirm' }).click();
      await page.getByText('This is not the code').waitFor();
      await page.getByLabel('Six-digit code').fill(await mailed());
      await page.getByRole('button', { name: 'Confirm' }).click();
      await page.getByRole('heading', { name: 'You are subscribed' }).waitFor();
      expect(await page.locator('article').count()).toBe(8);

      const { ctx } = site();
      const subscriber = await ctx.db.prisma.subscriber.findUniqueOrThrow({ where: { emailKey: 'carla@example.org' } });
      expect(subscriber.topics).toEqual(['agents']);
      const digest = await ctx.db.prisma.digest.findFirstOrThrow({ where: { subscriberId: subscriber.id } });
      await page.goto(url(`${pathOf(feedbackLink(ctx, subscriber, digest.id))}?paper=1&vote=more`));
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('Saved.').waitFor();

      await page.goto(url(pathOf(subscriberLinks(ctx, subscriber).preferences)));
      await page.getByLabel('Weekly', { exact: true }).check();
      await page.getByLabel('Weekly on').selectOption('Friday');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('Active: on Fridays at 08:00').waitFor();
      await page.getByRole('button', { name: 'Take back' }).click();
      await page.getByText('The vote is taken back.').waitFor();
      await page.getByRole('button', { name: 'Pause a week' }).click();
      await page.getByText('Paused: digests come again').waitFor();
      await page.getByRole('button', { name: 'Resume now' }).click();
      await page.getByRole('link', { name: 'Unsubscribe' }).click();
      await page.getByRole('button', { name: 'Unsubscribe' }).click();
      await page.getByRole('heading', { name: 'You are unsubscribed' }).waitFor();
      await page.context().close();
    }, 60_000);

    it('somebody signs up by the keyboard alone', async () => {
      await page.goto(url('/'));
      // Past the link to the content, the name, the two of the menu, to the address.
      for (let i = 0; i < 5; i++) await page.keyboard.press('Tab');
      await page.keyboard.type('carla@example.org');
      expect(await page.getByLabel('E-mail address').inputValue()).toBe('carla@example.org');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Check your mailbox' }).waitFor();
      await page.context().close();
    });
  });
});
