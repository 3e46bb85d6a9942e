import { beforeEach, describe, expect, it } from 'vitest';
import { dataLinks, newAddressLink, subscriberLinks } from '../../src/subscribers/links.js';
import { exportSubscriber } from '../../src/subscribers/personal-data.js';
import { makeSubscriber } from '../helpers/rows.js';
import { pathOf, useSite } from './site.js';

const site = useSite();
const now = new Date('2026-02-04T12:00:00Z');

beforeEach(async () => {
  site().ctx.time.now = now;
  await site().ctx.db.pool.query('truncate subscribers, suppressions, rate_limits, confirmation_requests cascade');
  await site().ctx.db.pool.query('delete from graphile_worker._private_jobs');
});

/** The links of a new subscriber: on their page, and those that are mailed on request. */
async function links(given: Parameters<typeof makeSubscriber>[1] = {}) {
  const subscriber = await makeSubscriber(site().ctx.db.prisma, given);
  const { preferences } = subscriberLinks(site().ctx, subscriber);
  const data = dataLinks(site().ctx, subscriber);
  return {
    page: pathOf(preferences),
    export: pathOf(data.export),
    erase: pathOf(data.erase),
    address: pathOf(data.address),
  };
}
const stored = () => site().ctx.db.prisma.subscriber.findFirstOrThrow();
const asked = async () => {
  const { rows } = await site().ctx.db.pool.query(
    "select payload ->> 'about' as about from graphile_worker._private_jobs order by id",
  );
  return rows.map(({ about }) => about);
};

describe('one’s own data', () => {
  it('comes as a JSON file', async () => {
    const response = await site().get((await links({ topics: ['agents'] })).export);
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(response.headers.get('content-disposition')).toContain('attachment');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toMatchObject({
      subscriber: { email: (await stored()).email, topics: ['agents'] },
      digests: [],
    });
  });

  it('is deleted by the button of a page, not by looking at the page', async () => {
    const { erase, page } = await links();
    expect(await (await site().get(erase)).text()).toContain('cannot be undone');
    expect(await site().ctx.db.prisma.subscriber.count()).toBe(1);
    expect((await site().postForm(erase, {})).status).toBe(200);
    expect(await site().ctx.db.prisma.subscriber.count()).toBe(0);
    expect((await site().get(page)).status).toBe(404);
  });

  it('finding 9: is open to nobody who has the link of a digest only', async () => {
    const { page } = await links();
    expect((await site().get(`${page}/export`)).status).toBe(404);
    expect((await site().get(`${page}/erase`)).status).toBe(404);
    expect((await site().postForm(`${page}/erase`, {})).status).toBe(404);
    expect(await site().ctx.db.prisma.subscriber.count()).toBe(1);
  });

  it('is open for an hour', async () => {
    const { export: address, erase } = await links();
    site().ctx.time.now = new Date(now.getTime() + 3_600_000);
    expect((await site().get(address)).status).toBe(410);
    expect((await site().postForm(erase, {})).status).toBe(410);
    expect(await site().ctx.db.prisma.subscriber.count()).toBe(1);
  });
});

describe('links to one’s own data', () => {
  it('are mailed to the address, three times a day at the most, and the page does not show it in full', async () => {
    const { page } = await links();
    for (let i = 0; i < 5; i++) {
      const response = await site().postForm(`${page}/data`, {});
      expect(response.status).toBe(202);
      expect(await response.text()).not.toContain((await stored()).email);
    }
    expect(await asked()).toEqual(['data', 'data', 'data']);
  });
});

describe('a subscriber who revokes the links of old mails', () => {
  it('gets a new one by mail, and no old one works, but to unsubscribe', async () => {
    const { page, export: data } = await links();
    for (let i = 0; i < 3; i++) await site().postForm(`${page}/data`, {});
    const { unsubscribe } = subscriberLinks(site().ctx, await stored());
    expect((await site().postForm(`${page}/revoke`, {})).status).toBe(202);
    expect((await asked()).at(-1)).toBe('new-links');
    expect((await site().get(page)).status).toBe(404);
    expect((await site().get(data)).status).toBe(404);
    expect((await site().get(pathOf(unsubscribe))).status).toBe(200);
    expect((await site().get(pathOf(subscriberLinks(site().ctx, await stored()).preferences))).status).toBe(200);
  });
});

it('finding 10: a link is good for nobody else in another database with the same key', async () => {
  const startAgain = () => site().ctx.db.pool.query('truncate subscribers restart identity cascade');
  await startAgain();
  const { page } = await links();
  const { id } = await stored();
  await startAgain();
  expect(await makeSubscriber(site().ctx.db.prisma)).toMatchObject({ id });
  expect((await site().get(page)).status).toBe(404);
});

describe('a change of address', () => {
  /** The link that is mailed to the new address. */
  const mailed = async () => {
    const change = await site().ctx.db.prisma.addressChange.findFirstOrThrow({ include: { subscriber: true } });
    return pathOf(newAddressLink(site().ctx, change.subscriber, change.id, change.requestedAt));
  };

  it('is asked for by a link that was just mailed, confirmed from the new address, and takes effect then', async () => {
    const { address } = await links({ topics: ['agents'] });
    expect((await site().get(address)).status).toBe(200);
    const asked = await site().postForm(address, { email: 'New.Ada@Example.NET' });
    expect(asked.status).toBe(202);
    expect((await stored()).email).not.toBe('New.Ada@example.net');
    const link = await mailed();
    expect(await (await site().get(link)).text()).toContain('New.Ada@example.net');
    expect((await stored()).email).not.toBe('New.Ada@example.net');
    expect((await site().postForm(link, {})).status).toBe(200);
    expect(await stored()).toMatchObject({
      email: 'New.Ada@example.net',
      emailKey: 'new.ada@example.net',
      topics: ['agents'],
      status: 'active',
    });
    expect((await site().postForm(link, {})).status).toBe(404);
  });

  it('is not open to whoever has a digest, and not for longer than an hour', async () => {
    const { page, address } = await links();
    expect((await site().get(`${page}/address`)).status).toBe(404);
    await site().postForm(address, { email: 'new@example.net' });
    const link = await mailed();
    const { ctx } = site();
    expect(await exportSubscriber(ctx, await stored())).toMatchObject({
      unconfirmedAddresses: [{ email: 'new@example.net' }],
    });
    ctx.time.now = new Date(now.getTime() + 3_600_000);
    expect((await site().postForm(link, {})).status).toBe(404);
    expect((await site().get(address)).status).toBe(410);
  });

  it('to an address that has a subscription of its own changes nothing, and does not say so beforehand', async () => {
    const { address } = await links();
    const { prisma } = site().ctx.db;
    const other = await makeSubscriber(prisma, { email: 'bob@example.net', emailKey: 'bob@example.net' });
    expect((await site().postForm(address, { email: 'bob@example.net' })).status).toBe(202);
    expect((await site().postForm(await mailed(), {})).status).toBe(404);
    expect(await prisma.subscriber.findUnique({ where: { id: other.id } })).toMatchObject({ email: 'bob@example.net' });
    expect(await prisma.subscriber.count()).toBe(2);
  });

  it('says what is wrong with an address', async () => {
    const { address } = await links();
    const refused = await site().postForm(address, { email: 'nobody' });
    expect(refused.status).toBe(422);
    expect(await refused.text()).toContain('one @ sign');
  });
});

describe('a lost link', () => {
  it('is mailed anew to a subscriber, and the answer is the same for everybody', async () => {
    const subscriber = await makeSubscriber(site().ctx.db.prisma);
    const answer = async (email: string) => {
      const response = await site().postForm('/lost-link', { email });
      return [response.status, (await response.text()).replace(email, '…')];
    };
    expect(await answer(subscriber.email)).toEqual(await answer('stranger@example.com'));
    expect(await asked()).toEqual(['lost-link']);
    for (let i = 0; i < 5; i++) await answer(subscriber.email);
    expect(await asked()).toHaveLength(3);
  });

  it('is offered where a link does not work', async () => {
    const page = await (await site().get('/preferences/nonsense')).text();
    expect(page).toContain('action="/lost-link"');
  });
});
