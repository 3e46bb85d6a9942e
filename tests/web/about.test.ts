import { describe, expect, it } from 'vitest';
import { subscriberLinks } from '../../src/subscribers/links.js';
import { makeSubscriber } from '../helpers/rows.js';
import { pathOf, useSite } from './site.js';

const site = useSite({ OPERATOR_NAME: 'Physics <Library>', OPERATOR_URL: 'https://library.example/imprint' });

describe('the site says of itself', () => {
  it('who runs it, on every page', async () => {
    for (const path of ['/', '/papers', '/privacy', '/nowhere']) {
      const page = await (await site().get(path)).text();
      expect(page).toContain('<a href="https://library.example/imprint">Physics &lt;Library&gt;</a>');
    }
  });

  it('what it stores and for how long', async () => {
    const page = await (await site().get('/privacy')).text();
    expect(page).toContain('Who is responsible');
    for (const time of ['30 days', '400 days', 'an hour']) expect(page).toContain(time);
  });

  it('to programs: a title, a description and an address for who pastes a link, and a feed', async () => {
    const page = await (await site().get('/papers')).text();
    for (const property of ['og:title', 'og:description', 'og:url']) expect(page).toContain(`property="${property}"`);
    expect(page).toContain('<meta name="description"');
    expect(page).toContain('content="https://papers.example.org/papers"');
    expect(page).toContain('type="application/atom+xml"');
  });

  it('nothing to programs on a page that is somebody’s own', async () => {
    const subscriber = await makeSubscriber(site().ctx.db.prisma);
    const { preferences } = subscriberLinks(site().ctx, subscriber);
    const page = await (await site().get(pathOf(preferences))).text();
    expect(page).not.toContain('og:');
    expect(page).not.toContain('rel="alternate"');
  });

  it('to search engines, not to list searches', async () => {
    const robots = await site().get('/robots.txt');
    expect(robots.headers.get('content-type')).toContain('text/plain');
    expect(await robots.text()).toContain('Disallow: /papers?q=');
  });

  it('has an icon where browsers look for one', async () => {
    const icon = await site().get('/favicon.ico');
    expect(icon.headers.get('location')).toBe('/assets/icon.svg');
  });
});
