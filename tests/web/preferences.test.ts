import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { subscriberLinks } from '../../src/subscribers/links.js';
import { makePaper, makeSubscriber } from '../helpers/rows.js';
import { pathOf, useSite } from './site.js';

const site = useSite();

beforeEach(() => site().ctx.db.pool.query('truncate subscribers, suppressions cascade'));

const linkOf = async (given: Parameters<typeof makeSubscriber>[1] = {}) =>
  pathOf(subscriberLinks(site().ctx, await makeSubscriber(site().ctx.db.prisma, given)).preferences);
const stored = () => site().ctx.db.prisma.subscriber.findFirstOrThrow();
const form = {
  topics: ['agents', 'robotics'],
  timezone: 'Asia/Tokyo',
  hour: '6',
  frequency: 'weekdays',
  papersPerDigest: '12',
  abstractLength: 'full',
  pausedUntil: '',
};

describe('the preferences page', () => {
  it('shows what was chosen', async () => {
    const html = await (
      await site().get(await linkOf({ topics: ['agents'], hour: 17, timezone: 'Asia/Tokyo', papersPerDigest: 3 }))
    ).text();
    expect(html).toMatch(/value="agents" checked/);
    expect(html).not.toMatch(/value="robotics" checked/);
    expect(html).toMatch(/value="17" selected/);
    expect(html).toMatch(/value="Asia\/Tokyo" selected/);
    expect(html).toMatch(/name="papersPerDigest"[^>]*value="3"/);
    expect(html).toMatch(/value="daily" checked/);
    expect(html).toMatch(/value="short" checked/);
    for (const page of ['history', 'feed', 'unsubscribe'])
      expect(html).toMatch(new RegExp(`href="/${page}/[\\w-]{50,}"`));
  });

  it('saves a form and shows the page again', async () => {
    const path = await linkOf({ topics: ['agents'] });
    const response = await site().postForm(path, form);
    expect(response.status).toBe(303);
    const page = await site().get(response.headers.get('location') ?? '');
    expect(await page.text()).toContain('Saved');
    expect(await stored()).toMatchObject({
      topics: ['agents', 'robotics'],
      timezone: 'Asia/Tokyo',
      hour: 6,
      frequency: 'weekdays',
      papersPerDigest: 12,
      abstractLength: 'full',
      status: 'active',
    });
  });

  it('says on top how the subscription stands, pauses by one button, and resumes', async () => {
    const path = await linkOf({ timezone: 'Europe/Berlin', hour: 8, plannedDay: '2026-02-04' });
    const page = async () => (await (await site().get(path)).text()).replace(/\s+/g, ' ');
    expect(await page()).toContain(
      'Active: daily at 08:00, Berlin. Next digest tomorrow at 08:00, if new papers match.',
    );
    const paused = await site().postForm(`${path}/pause`, { until: 'week' });
    expect(paused.headers.get('location')).toBe(`${path}?saved=paused`);
    expect(await stored()).toMatchObject({ status: 'paused', pausedUntil: new Date('2026-02-11') });
    expect(await page()).toContain('Paused: digests come again on Wednesday, 11 February.');
    await site().postForm(`${path}/pause`, { until: 'now' });
    expect(await stored()).toMatchObject({ status: 'active', pausedUntil: null });
  });

  it('does not contradict itself to whom has left', async () => {
    const path = await linkOf({ status: 'unsubscribed' });
    await site().postForm(path, form);
    const html = await (await site().get(`${path}?saved=choice`)).text();
    expect(html).toContain('Saved, for when you subscribe again.');
    expect(html).toContain('You are unsubscribed');
    expect(html).not.toContain('/pause"');
    await site().postForm(`${path}/pause`, { until: 'week' });
    expect((await stored()).status).toBe('unsubscribed');
  });

  it('offers the topic that a digest names, and adds it by a button, once', async () => {
    const path = await linkOf({ topics: ['agents'] });
    const html = await (await site().get(`${path}?add=robotics`)).text();
    expect(html).toContain('Add Robotics and embodied AI');
    expect((await stored()).topics).toEqual(['agents']);
    for (let i = 0; i < 2; i++) await site().postForm(`${path}/topics`, { add: 'robotics' });
    await site().postForm(`${path}/topics`, { add: 'nonsense' });
    expect((await stored()).topics).toEqual(['agents', 'robotics']);
    expect(await (await site().get(`${path}?add=robotics`)).text()).not.toContain('Add Robotics');
  });

  it('has pictures, a day of the week and a least number of papers, and leaves what a form has no field for', async () => {
    const path = await linkOf({ papersPerDigest: 12 });
    await site().postForm(path, { ...form, pictures: ['no', 'yes'], weekDay: '5', leastPapers: '3' });
    expect(await stored()).toMatchObject({ pictures: true, weekDay: 5, leastPapers: 3 });
    await site().postForm(path, { topics: 'agents' });
    expect(await stored()).toMatchObject({ topics: ['agents'], pictures: true, weekDay: 5, leastPapers: 3, hour: 6 });
    await site().postForm(path, { ...form, pictures: 'no' });
    expect(await stored()).toMatchObject({ pictures: false });
    const refused = await site().postForm(path, { ...form, leastPapers: '13' });
    expect(refused.status).toBe(422);
    const html = await refused.text();
    expect(html).toContain('<a href="#leastPapers">The least number of papers must not be more than the most, 12.</a>');
  });

  it('takes own phrases, authors, categories and muted phrases, one a line, and shows them again', async () => {
    const interests = {
      phrases: '"world model" OR simulator -driving\r\n\r\nVideo  games',
      mutedPhrases: 'blockchain',
      authors: 'Yoshua Bengio\r\nY. LeCun',
      categories: 'CS.cl',
    };
    const path = await linkOf();
    const response = await site().postForm(path, { ...form, ...interests });
    expect(response.status).toBe(303);
    expect(await stored()).toMatchObject({
      phrases: ['"world model" OR simulator -driving', 'Video games'],
      mutedPhrases: ['blockchain'],
      authors: ['Yoshua Bengio', 'Y. LeCun'],
      categories: ['cs.CL'],
    });
    const html = await (await site().get(path)).text();
    expect(html).toMatch(
      /<textarea id="phrases"[^>]*>\s*&quot;world model&quot; OR simulator -driving\nVideo games<\/textarea>/,
    );
    await site().postForm(path, form);
    expect(await stored()).toMatchObject({ authors: ['Yoshua Bengio', 'Y. LeCun'] });
  });

  it('says under the field what is wrong with a phrase, and changes nothing', async () => {
    const path = await linkOf({ topics: ['agents'] });
    const response = await site().postForm(path, { ...form, phrases: "fine\n'); drop" });
    expect(response.status).toBe(422);
    const html = await response.text();
    expect(html).toMatch(/<p class="error" id="phrases-error">“&#39;\); drop” has a \), which means nothing here/);
    expect(html).toMatch(/<textarea id="phrases"[^>]*>\s*fine\n&#39;\); drop<\/textarea>/);
    expect(await stored()).toMatchObject({ topics: ['agents'], phrases: [] });
    const json = await site().postJson(path, { phrases: ["'); drop"] });
    expect(json.status).toBe(422);
    expect(await json.json()).toEqual({ errors: [{ field: 'phrases', message: expect.stringContaining('has a )') }] });
    expect(await stored()).toMatchObject({ topics: ['agents'], phrases: [] });
  });

  describe('with papers of the last week', () => {
    beforeEach(async () => {
      const { prisma, pool } = site().ctx.db;
      await pool.query('truncate papers, source_days, editions restart identity cascade');
      await makePaper(prisma, '2026-01-26', { title: 'World models of last month' });
      await makePaper(prisma, '2026-02-02', { title: 'A <world> model', authors: ['Ada Lovelace'], upvotes: 9 });
      for (let i = 0; i < 10; i++)
        await makePaper(prisma, '2026-02-03', { title: `Agents ${i}`, topics: ['agents'], categories: ['cs.CL'] });
    });
    afterAll(() => site().ctx.db.pool.query('truncate papers, source_days, editions restart identity cascade'));

    it('shows what the choice would have matched, and warns of what found nothing or nearly everything', async () => {
      const path = await linkOf({
        phrases: ['"world model"', 'blockchain'],
        mutedPhrases: ['agents 7', 'spam'],
        authors: ['A. Lovelace'],
        categories: ['cs'],
      });
      const html = (await (await site().get(path)).text()).replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ');
      expect(html).toContain('What this choice matched last week 10 papers of 11, about 5 a day.');
      expect(html).toContain('&quot;world model&quot; 1 paper blockchain 0 papers');
      expect(html).toContain('“blockchain” found nothing among last week’s 11 papers.');
      expect(html).toContain('“cs” found 10 of last week’s 11 papers: nearly everything.');
      expect(html).toContain('A &lt;world&gt; model author A. Lovelace, your phrase “world model”');
      expect(html).not.toContain('“spam” found');
    });

    it('tells it to JSON, before and after a change', async () => {
      const path = await linkOf({ topics: ['agents'] });
      const shown = await site().get(path, { accept: 'application/json' });
      expect(await shown.json()).toMatchObject({
        topics: ['agents'],
        lastWeek: { days: 2, papers: 11, matched: 10, aDay: 5, found: [], warnings: [] },
      });
      const saved = await site().postJson(path, { topics: [], phrases: ['world model', 'nothing like it'] });
      expect(await saved.json()).toMatchObject({
        phrases: ['world model', 'nothing like it'],
        lastWeek: {
          matched: 1,
          found: [
            { kind: 'phrases', text: 'world model', papers: 1 },
            { kind: 'phrases', text: 'nothing like it', papers: 0 },
          ],
          warnings: [{ field: 'phrases' }],
          best: [{ title: 'A <world> model', why: ['your phrase “world model”'] }],
        },
      });
    });
  });

  it('takes all topics away when no box is ticked', async () => {
    const { topics: _, ...rest } = form;
    await site().postForm(await linkOf({ topics: ['agents'] }), rest);
    expect(await stored()).toMatchObject({ topics: [] });
  });

  it('changes what JSON names, and leaves the rest', async () => {
    const response = await site().postJson(await linkOf({ topics: ['agents'], hour: 9 }), {
      hour: 21,
      topics: ['robotics'],
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ hour: 21, topics: ['robotics'], frequency: 'daily' });
    expect(await stored()).toMatchObject({ hour: 21, topics: ['robotics'], frequency: 'daily' });
  });

  it('refuses what makes no sense, says why beside each field, and keeps what was typed', async () => {
    const path = await linkOf({ hour: 9 });
    const response = await site().postForm(path, {
      ...form,
      papersPerDigest: '500',
      pausedUntil: '2020-01-01',
      topics: ['robotics'],
    });
    const html = await response.text();
    expect(response.status).toBe(422);
    expect(html).toContain('The number of papers must be from 1 to 20.');
    expect(html).toContain('The pause must end after today.');
    expect(html).toMatch(/name="papersPerDigest"[^>]*value="500"[^>]*aria-invalid="true"/);
    expect(html).toMatch(/value="robotics" checked/);
    expect(await stored()).toMatchObject({ hour: 9 });
    const json = await site().postJson(path, { hour: 'noon' });
    expect(json.status).toBe(422);
    expect(await json.json()).toEqual({
      errors: [{ field: 'hour', message: 'The hour must be a whole number from 0 to 23.' }],
    });
  });

  it('pauses until a day and ends the pause', async () => {
    const path = await linkOf();
    await site().postForm(path, { ...form, pausedUntil: '2026-03-01' });
    expect(await stored()).toMatchObject({ status: 'paused', pausedUntil: new Date('2026-03-01') });
    expect(await (await site().get(path)).text()).toMatch(/name="pausedUntil"[^>]*value="2026-03-01"/);
    await site().postForm(path, form);
    expect(await stored()).toMatchObject({ status: 'active', pausedUntil: null });
  });

  it('of someone who has left leads to a new sign-up, and brings nobody back', async () => {
    const path = await linkOf({ status: 'unsubscribed', confirmedAt: new Date('2026-01-02T00:00:00Z') });
    const html = await (await site().get(path)).text();
    expect(html).toContain('You are unsubscribed');
    expect(html).toContain('href="/#subscribe"');
    expect(html).not.toContain('/undo');
    await site().postForm(path, form);
    expect(await stored()).toMatchObject({ status: 'unsubscribed' });
  });
});
