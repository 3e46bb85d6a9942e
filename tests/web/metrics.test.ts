import { afterEach, describe, expect, it } from 'vitest';
import { makePaper, makeSubscriber } from '../helpers/rows.js';
import { serveWithoutDatabase, useSite } from './site.js';

const site = useSite();
const db = () => site().ctx.db.prisma;
const metrics = async () => (await site().get('/metrics')).text();
/** The values by name, labels included. */
const valuesIn = (text: string) =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );

afterEach(() => site().ctx.db.pool.query('truncate subscribers, papers, source_days, mail_outage cascade'));

describe('/metrics', () => {
  it('tells what stats tells', async () => {
    await makeSubscriber(db(), { email: 'ada@example.org' });
    await makeSubscriber(db(), { email: 'bob@example.org', status: 'unsubscribed' });
    await makePaper(db(), '2026-02-03');
    expect(valuesIn(await metrics())).toMatchObject({
      'offprint_subscribers{status="active"}': 1,
      'offprint_subscribers{status="unsubscribed"}': 1,
      'offprint_subscribers{status="bounced"}': 0,
      'offprint_digests{status="queued"}': 0,
      'offprint_digests{status="in_doubt"}': 0,
      offprint_papers: 1,
      offprint_papers_newest_day_timestamp_seconds: Date.parse('2026-02-03') / 1_000,
      offprint_oldest_waiting_digest_seconds: 0,
      offprint_mail_outage: 0,
      offprint_held_after_restore: 0,
      offprint_database_up: 1,
    });
  });

  it('tells of this moment, also where no relay takes mail', async () => {
    await makePaper(db(), '2026-02-03');
    await metrics();
    await site().ctx.db.pool.query(
      `truncate papers, source_days cascade;
       insert into mail_outage (since, next_probe_at, reply) values (now(), now(), '421 later')`,
    );
    const values = valuesIn(await metrics());
    expect(values).toMatchObject({ offprint_papers: 0, offprint_mail_outage: 1 });
    expect(values).not.toHaveProperty('offprint_papers_newest_day_timestamp_seconds');
  });

  it('is in the text format of Prometheus: each metric explained once, its values after it', async () => {
    const response = await site().get('/metrics');
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-store');
    const text = await response.text();
    const explained = [...text.matchAll(/^# TYPE (\S+) (?:gauge|counter|histogram|summary)$/gm)].map(
      ([, name]) => name,
    );
    expect(new Set(explained).size).toBe(explained.length);
    expect(explained).toContain('nodejs_eventloop_lag_p99_seconds');
    for (const line of text.split('\n').filter((line) => line !== '' && !line.startsWith('#')))
      expect(line).toMatch(/^[a-z_0-9]+(\{[a-zA-Z]+="[^"]*"(,[a-zA-Z]+="[^"]*")*\})? (NaN|[-+]?[\d.]+(e[-+]?\d+)?)$/);
  });

  it('names routes, never a token or whatever somebody asks for', async () => {
    await site().get('/preferences/a-token-of-somebody');
    await site().get('/whatever/there/may/be');
    const text = await metrics();
    expect(text).toContain('offprint_http_request_duration_seconds_count{method="GET",route="/preferences/:token"');
    expect(text).toContain('offprint_http_request_duration_seconds_count{method="GET",route="none",status="404"}');
    expect(text).not.toMatch(/a-token-of-somebody|whatever/);
  });

  it.each(['X-Forwarded-For', 'Forwarded', 'X-Real-IP', 'Via'])('is not there through a proxy (%s)', async (header) => {
    expect((await site().get('/metrics', { [header]: '192.0.2.1' })).status).toBe(404);
  });

  it('tells of the process while the database is away', async () => {
    const { lines, get, close } = await serveWithoutDatabase('warn');
    const response = await get('/metrics');
    const values = valuesIn(await response.text());
    await close();
    expect(response.status).toBe(200);
    expect(values).toMatchObject({ offprint_database_up: 0 });
    expect(Object.keys(values)).toContain('process_cpu_seconds_total');
    expect(Object.keys(values).filter((name) => /offprint_(?!database_up|http)/.test(name))).toEqual([]);
    expect(lines.join()).toContain('metrics without those of the database');
  });
});
