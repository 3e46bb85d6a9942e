import { beforeEach, describe, expect, it } from 'vitest';
import { planWelcome } from '../../src/digests/plan.js';
import { confirmationLink, digestLink, subscriberLinks } from '../../src/subscribers/links.js';
import { makePaper, makeSubscriber } from '../helpers/rows.js';
import { letPagesAge, pathOf, useSite } from './site.js';

const site = useSite();
const german = { 'accept-language': 'de-AT,de;q=0.9,en;q=0.5' };

beforeEach(async () => {
  await site().ctx.db.pool.query('truncate subscribers, papers, digests, editions, confirmation_requests cascade');
});

const languageOf = (html: string) => /<html lang="(\w+)">/.exec(html)?.[1];
const page = async (path: string, headers: Record<string, string> = {}) => (await site().get(path, headers)).text();

describe('the language of a page for everybody', () => {
  it.each([
    ['what the browser likes best', 'de-AT,de;q=0.9,en;q=0.5', 'de'],
    ['the first that is spoken here', 'fr,de;q=0.8,en;q=0.2', 'de'],
    ['English where the browser likes it more', 'en-US,en;q=0.9,de;q=0.5', 'en'],
    ['English where none is spoken here', 'fr,ja;q=0.5', 'en'],
    ['English to whoever takes any', '*', 'en'],
    ['English to nonsense', ';;q=,,=', 'en'],
  ])('is %s', async (_what, accept, language) => {
    const response = await site().get('/', { 'accept-language': accept });
    expect(languageOf(await response.text())).toBe(language);
    expect(response.headers.get('content-language')).toBe(language);
    expect(response.headers.get('vary')).toMatch(/Accept-Language.*Cookie/);
  });

  it('is another by a button, which a cookie remembers', async () => {
    expect(await page('/papers?sort=newest')).toMatch(/name="back" value="\/papers\?sort=newest"/);
    const response = await site().postForm('/language', { language: 'de', back: '/papers?sort=newest' });
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe('/papers?sort=newest');
    const cookie = response.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^language=de; Max-Age=31536000; Path=\/; .*HttpOnly; Secure; SameSite=Lax$/);
    const html = await page('/papers', { cookie: cookie.split(';')[0] ?? '', 'accept-language': 'en' });
    expect(languageOf(html)).toBe('de');
    expect(html).toContain('>English</button>');
  });

  it.each([
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example',
    '/%5C/evil.example',
    '///evil.example',
    'javascript:alert(1)',
    'nonsense:',
    '',
  ])('leads back to this site alone, not to %s', async (back) => {
    const response = await site().postForm('/language', { language: 'de', back });
    const to = new URL(response.headers.get('location') ?? '', 'https://here.example');
    expect(to.origin).toBe('https://here.example');
  });

  it('stays as it is where none is asked for that is spoken here', async () => {
    for (const language of ['fr', '', '__proto__'])
      expect((await site().postForm('/language', { language, back: '/' })).headers.get('set-cookie')).toBeNull();
    expect(languageOf(await page('/', { cookie: 'language=fr' }))).toBe('en');
  });

  it('is that of errors, too, and of what programs are told', async () => {
    expect(await page('/nowhere', german)).toContain('Seite nicht gefunden');
    const response = await site().postJson('/subscribe', { email: 'a b@c.de' }, german);
    expect(await response.json()).toEqual({
      errors: [{ field: 'email', message: 'Die Adresse darf keine Leerzeichen oder unsichtbaren Zeichen enthalten.' }],
    });
  });

  it('is that of topics and of the days', async () => {
    await makePaper(site().ctx.db.prisma, '2026-02-04', { topics: ['agents'], upvotes: 1_234 });
    letPagesAge(site().ctx);
    const html = await page('/papers', german);
    for (const text of ['KI-Agenten', '4. Februar 2026', '1.234\u00a0Stimmen', 'Ein Paper'])
      expect(html).toContain(text);
    expect(await page('/topics/agents/feed.xml', german)).toMatch(/xml:lang="de"[\s\S]*<title type="text">KI-Agenten/);
  });
});

describe('the language of a subscriber', () => {
  const signUp = async (headers: Record<string, string>, fields: Record<string, string> = {}) => {
    await site().postForm('/subscribe', { email: 'ada@example.org', ...fields }, headers);
    return site().ctx.db.prisma.signUp.findFirstOrThrow({ include: { subscriber: true } });
  };

  it('is the one of the page that they signed up on, and stays', async () => {
    const { ctx } = site();
    const { id, language, subscriber } = await signUp(german);
    expect({ asked: language, before: subscriber.language }).toEqual({ asked: 'de', before: 'en' });
    const confirm = pathOf(confirmationLink(ctx, subscriber, id));
    expect(await page(confirm, { 'accept-language': 'en' })).toContain('Ein letzter Klick');
    expect(await (await site().postForm(confirm, {})).text()).toContain('Sie haben abonniert');
    const { preferences } = subscriberLinks(ctx, subscriber);
    expect(await page(pathOf(preferences), { 'accept-language': 'en' })).toContain('Ihr Digest');
    const { consentText } = await ctx.db.prisma.subscriber.findUniqueOrThrow({ where: { id: subscriber.id } });
    expect(consentText).toMatch(/^Was im Trend ist, jeden Morgen um 8 Uhr/);
  });

  it('can be named by a program, and must be one that is spoken here', async () => {
    expect((await site().postJson('/subscribe', { email: 'ada@example.org', language: 'de' })).status).toBe(202);
    expect(await site().ctx.db.prisma.signUp.findMany()).toMatchObject([{ language: 'de' }]);
    const response = await site().postJson('/subscribe', { email: 'ada@example.org', language: 'fr' });
    expect(response.status).toBe(422);
    expect(await response.json()).toEqual({
      errors: [{ field: 'language', message: 'The language must be en, de.' }],
    });
  });

  it('is not changed by a stranger who enters their address', async () => {
    const { prisma } = site().ctx.db;
    const reader = await makeSubscriber(prisma, { language: 'en' });
    await site().postForm('/subscribe', { email: reader.email }, german);
    expect(await prisma.subscriber.findMany()).toMatchObject([{ language: 'en' }]);
  });

  it('is changed with the preferences, whose answer has it already', async () => {
    const { ctx } = site();
    const reader = await makeSubscriber(ctx.db.prisma, { topics: ['agents'] });
    const path = pathOf(subscriberLinks(ctx, reader).preferences);
    const saved = await site().postForm(path, { topics: ['agents'], language: 'de' });
    expect(saved.status).toBe(303);
    expect(await page(saved.headers.get('location') ?? '')).toContain('Gespeichert. Ihr nächster Digest folgt');
    expect(await (await site().get(path, { accept: 'application/json' })).json()).toMatchObject({ language: 'de' });
    const refused = await site().postJson(path, { hour: 99 });
    expect(await refused.json()).toEqual({
      errors: [{ field: 'hour', message: 'Die Uhrzeit muss eine ganze Zahl von 0 bis 23 sein.' }],
    });
  });

  it('is told to nobody by a digest that was passed on: its page speaks to whoever looks', async () => {
    const { ctx } = site();
    await makePaper(ctx.db.prisma, '2026-02-03', { topics: ['agents'] });
    const reader = await makeSubscriber(ctx.db.prisma, { language: 'de', topics: ['agents'] });
    await ctx.db.prisma.$transaction((tx) => planWelcome(tx, new Date('2026-02-04T12:00:00Z'), reader.id));
    const { id } = await ctx.db.prisma.digest.findFirstOrThrow();
    const path = pathOf(digestLink(ctx, reader, id));
    expect(languageOf(await page(path, { 'accept-language': 'en' }))).toBe('en');
    expect(await page(path, german)).toMatch(/Warum: KI-Agenten/);
  });
});
