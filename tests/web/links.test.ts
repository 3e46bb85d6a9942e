import { beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/secret.js';
import { confirmationLink, digestLink, subscriberLinks } from '../../src/subscribers/links.js';
import { makeSubscriber } from '../helpers/rows.js';
import { pathOf, useSite } from './site.js';

const site = useSite();

beforeEach(() => site().ctx.db.pool.query('truncate subscribers cascade'));

/** A real link of each purpose, by the first part of its path. */
async function links() {
  const { ctx } = site();
  const subscriber = await makeSubscriber(ctx.db.prisma, { status: 'pending' });
  const { preferences, unsubscribe } = subscriberLinks(ctx, subscriber);
  return {
    confirm: pathOf(confirmationLink(ctx, subscriber, someId)),
    preferences: pathOf(preferences),
    unsubscribe: pathOf(unsubscribe),
    digests: pathOf(digestLink(ctx, subscriber, '00000000-0000-4000-8000-000000000000')),
  };
}
const someId = '00000000-0000-4000-8000-000000000000';
const purposes = ['confirm', 'preferences', 'unsubscribe', 'digests'] as const;
const tokenOf = (path: string) => path.split('/').at(-1) ?? '';

/** What is seen of an answer, but for what is different each time. */
async function seen(response: Response) {
  const headers = Object.fromEntries([...response.headers].filter(([name]) => name !== 'date'));
  return JSON.stringify({ status: response.status, headers, body: await response.text() });
}

describe.each(purposes)('a link to /%s', (purpose) => {
  it('row 33: with any bit of its token flipped gets one neutral page', async () => {
    const token = tokenOf((await links())[purpose]);
    const answers = new Set<string>();
    for (let position = 0; position < token.length; position += 3) {
      const flipped = `${token.slice(0, position)}${token[position] === 'A' ? 'B' : 'A'}${token.slice(position + 1)}`;
      answers.add(await seen(await site().get(`/${purpose}/${flipped}`)));
    }
    for (const odd of ['x', `${token}A`, token.slice(0, -1), encodeURIComponent('../../etc'), '%00', 'ä'.repeat(300)]) {
      answers.add(await seen(await site().get(`/${purpose}/${odd}`)));
    }
    expect(answers.size).toBe(1);
    expect([...answers][0]).toContain('"status":404');
    expect([...answers][0]).toContain('This link does not work');
  });

  it('row 33: does not open with the token of another purpose', async () => {
    const all = await links();
    for (const other of purposes.filter((name) => name !== purpose)) {
      const path = `/${purpose}/${tokenOf(all[other])}`;
      expect((await site().get(path)).status).toBe(404);
      if (purpose !== 'digests') expect((await site().postForm(path, {})).status).toBe(404);
    }
    expect(await site().ctx.db.prisma.subscriber.findFirst()).toMatchObject({ status: 'pending' });
  });

  it('row 33: does not open with a key that is no longer listed', async () => {
    const { ctx } = site();
    const subscriber = await makeSubscriber(ctx.db.prisma);
    const stranger = { ...ctx, keys: new Secret(['a-key-that-was-withdrawn']) };
    const { preferences, unsubscribe } = subscriberLinks(stranger, subscriber);
    const forged = {
      confirm: confirmationLink(stranger, subscriber, someId),
      preferences,
      unsubscribe,
      digests: digestLink(stranger, subscriber, '00000000-0000-4000-8000-000000000000'),
    };
    expect((await site().get(pathOf(forged[purpose]))).status).toBe(404);
  });
});

it('a link of someone who was erased gets the same page as a forged one', async () => {
  const { preferences } = await links();
  await site().ctx.db.prisma.subscriber.deleteMany();
  expect(await seen(await site().get(preferences))).toBe(await seen(await site().get('/preferences/forged')));
});

it('a malformed percent sign in a path is the client’s mistake', async () => {
  expect((await site().get('/confirm/%E0%A4%A')).status).toBe(400);
});
