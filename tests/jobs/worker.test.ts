import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startWorker } from '../../jobs/worker.js';
import { addJob, type Jobs } from '../../src/database/queue.js';
import { settleAndClaim } from '../../src/digests/claims.js';
import { planDue } from '../../src/digests/plan.js';
import { RefusalBudget } from '../../src/digests/refusal-budget.js';
import { type DigestTemplatesByLanguage, loadDigestTemplates } from '../../src/digests/templates.js';
import { loadNoticeTemplates, type NoticeTemplates } from '../../src/subscribers/templates.js';
import { useContext } from '../helpers/context.js';
import { makePaper, makeSubscriber } from '../helpers/rows.js';
import { type SmtpScript, startSmtpServer, type TestSmtpServer } from '../helpers/smtp-server.js';
import { answerWith, dailyPaper, type PlayedSource, playHuggingFace } from '../helpers/source.js';

const context = useContext({}, [/source failed/]);
const now = new Date('2026-02-04T12:00:00Z');
const messageId = '00000000-0000-4000-8000-000000000007';
const signUpId = '00000000-0000-4000-8000-000000000008';
let templates: DigestTemplatesByLanguage;
let noticeTemplates: NoticeTemplates;
let source: PlayedSource;
let server: TestSmtpServer;
let stop: () => Promise<void>;
let finished: (task: keyof Jobs) => Promise<unknown>;

beforeAll(async () => {
  templates = await loadDigestTemplates();
  noticeTemplates = await loadNoticeTemplates();
});
beforeEach(async () => {
  context().time.now = now;
  await context().db.pool.query(
    'truncate subscribers, cursor_exceptions, digests, editions, papers, source_days, plans, mail_outage, domain_pauses restart identity cascade',
  );
  await context().db.pool.query('delete from graphile_worker._private_jobs');
  source = await playHuggingFace();
});
afterEach(async () => {
  // Asked to stop before its relay is gone, or it may find the relay missing; waited for after, as the relay may be silent.
  const stopped = stop();
  await server.close();
  await stopped;
  await source.close();
});
afterAll(() => {
  context().time.now = now;
});

/** Starts a worker whose mails go to a server with this script. */
async function work(on?: SmtpScript['on']): Promise<void> {
  server = await startSmtpServer(on ? { on } : {});
  const controller = new AbortController();
  const ctx = { ...context(), config: { ...context().config, huggingfaceUrl: source.url } };
  const worker = await startWorker({
    ctx,
    relays: [server.relay],
    templates,
    noticeTemplates,
    refusals: new RefusalBudget(),
    signal: controller.signal,
  });
  finished = (task) =>
    new Promise((resolve) => {
      worker.events.on('job:complete', ({ job, error }) => {
        if (job.task_identifier === task) resolve(error ?? null);
      });
    });
  let stopped: Promise<void> | null = null;
  stop = () => {
    controller.abort();
    stopped ??= worker.stop();
    return stopped;
  };
}

const ask = <Name extends keyof Jobs>(name: Name, payload: Jobs[Name], key?: string) =>
  addJob(context().db.prisma, name, payload, key ? { key } : {});
/** Asks for a job and waits for its end. @returns what it threw, or null */
const done = async <Name extends keyof Jobs>(name: Name, payload: Jobs[Name]) => {
  const end = finished(name);
  await ask(name, payload);
  return end;
};
/** What is in the queue once the worker has put everything down. */
const leftOver = async () => {
  await stop();
  const { rows } = await context().db.pool.query(
    'select task_identifier as task, attempts, last_error as error, locked_at is not null as locked from graphile_worker.jobs',
  );
  return rows;
};
const pending = () => makeSubscriber(context().db.prisma, { status: 'pending', createdAt: now });

describe('ingest', () => {
  it('reads the source into the database, and matches topics', async () => {
    source.answer('2026-02-03', [dailyPaper('2602.00001', { title: 'Diffusion models for video generation' })]);
    await work();
    expect(await done('ingest', {})).toBeNull();
    expect(await context().db.prisma.paper.findMany()).toMatchObject([{ identifier: '2602.00001' }]);
    expect(await context().db.prisma.match.count({ where: { topic: 'diffusion' } })).toBe(1);
  });

  it('shows the bundled sample papers while no source can be reached, and then the real ones too', async () => {
    context().expectsLog(/showing the bundled sample papers/);
    const down = answerWith(503, 'down');
    for (let day = 1; day <= 4; day++) source.answer(`2026-02-0${day}`, down);
    source.answer('2026-01-31', down);
    await work();
    expect(await done('ingest', {})).toBeNull();
    const samples = await context().db.prisma.paper.count();
    expect(samples).toBeGreaterThanOrEqual(30);
    expect(await context().db.prisma.match.count()).toBeGreaterThan(samples);
    source.answer('2026-02-03', [dailyPaper('2602.99999')]);
    await done('ingest', {});
    expect(await context().db.prisma.paper.count()).toBe(samples + 1);
  }, 60_000);

  it('leaves the samples out where there are papers', async () => {
    await makePaper(context().db.prisma, '2026-02-02');
    for (let day = 1; day <= 4; day++) source.answer(`2026-02-0${day}`, answerWith(404, 'gone'));
    await work();
    await done('ingest', {});
    expect(await context().db.prisma.paper.count()).toBe(1);
  });
});

describe('plan', () => {
  it('writes the digests that are due, and they are delivered', async () => {
    const { prisma } = context().db;
    await makePaper(prisma, '2026-02-03');
    const { email } = await makeSubscriber(prisma);
    await makeSubscriber(prisma, { hour: 13 });
    await work();
    await ask('plan', {});
    const [mail] = await server.received(1);
    expect(mail?.to).toMatchObject({ text: email });
    expect(await prisma.digest.count()).toBe(1);
  });
});

describe('deliver', () => {
  it('is asked for as often as one likes, and sends each digest once', async () => {
    const { prisma } = context().db;
    await makePaper(prisma, '2026-02-03');
    for (let i = 0; i < 5; i++) await makeSubscriber(prisma);
    await work();
    expect(await done('plan', {})).toBeNull();
    for (let i = 0; i < 5; i++) await ask('deliver', {}, `deliver-${i}`);
    await done('deliver', {});
    await server.received(5);
    expect(new Set(server.mails.map(({ messageId }) => messageId)).size).toBe(5);
    expect(server.mails).toHaveLength(5);
  });

  it('keeps no confirmation waiting, however long it takes and whatever else of it waits', async () => {
    context().expectsLog(/digest not sent/);
    const { prisma } = context().db;
    await makePaper(prisma, '2026-02-03');
    const reader = await makeSubscriber(prisma);
    await work(({ step, envelope }) =>
      step === 'dot' && envelope.to.includes(reader.email) ? { next: 'silence' } : undefined,
    );
    await done('plan', {});
    for (let i = 1; i < 8; i++) await ask('deliver', {}, `deliver-${i}`);
    const visitor = await pending();
    await ask('sign-up-mail', { subscriberId: visitor.id, messageId, signUpId });
    const [mail] = await server.received(1);
    expect(mail?.to).toMatchObject({ text: visitor.email });
  });
});

describe('a worker', () => {
  it('takes back what a dead one was sending, and delivers it, also where no scheduler runs', async () => {
    context().expectsLog(/a worker ended while sending/);
    const { prisma, pool } = context().db;
    await makePaper(prisma, '2026-02-03');
    await makeSubscriber(prisma);
    await planDue(context(), now);
    await pool.query('delete from graphile_worker._private_jobs');
    await settleAndClaim(pool, { owner: 'dead', layoutId: 1, saysWhenBegun: false }, [], 1, now);
    await pool.query("update digests set lease_until = clock_timestamp() - interval '1 second'");
    await work();
    await server.received(1);
    expect(await prisma.digest.findMany()).toMatchObject([{ attempts: 2 }]);
  });
});

describe('a worker that is asked to stop', () => {
  it('finishes the mails in flight, leaves no digest under way and keeps no job', async () => {
    const { prisma } = context().db;
    await makePaper(prisma, '2026-02-03');
    for (let i = 0; i < 30; i++) await makeSubscriber(prisma);
    await work(({ step }) => {
      if (step === 'dot') void stop();
      return undefined;
    });
    await ask('plan', {});
    await server.received(1);
    const left = await leftOver();
    expect(left.filter(({ locked }) => locked)).toEqual([]);
    expect(await prisma.digest.count({ where: { status: 'sent' } })).toBe(server.mails.length);
    expect(await prisma.digest.count({ where: { status: 'sending' } })).toBe(0);
    expect(await prisma.digest.count({ where: { status: 'queued' } })).toBeGreaterThan(0);
  });
});

describe('sign-up-mail', () => {
  it('mails the link that confirms to someone who is not subscribed', async () => {
    const { id, email } = await pending();
    await work();
    expect(await done('sign-up-mail', { subscriberId: id, messageId, signUpId })).toBeNull();
    const [mail] = await server.received(1);
    expect(mail?.to).toMatchObject({ text: email });
    expect(mail?.text).toMatch(/https:\/\/papers\.example\.org\/confirm\/\S+/);
    expect(mail?.headers.get('auto-submitted')).toBe('auto-generated');
  });

  it('is tried again when the server does not take the mail now', async () => {
    context().expectsLog(/Failed task/);
    const { id } = await pending();
    await work(({ step }) => (step === 'RCPT' ? { reply: '451 4.3.0 later' } : undefined));
    expect(await done('sign-up-mail', { subscriberId: id, messageId, signUpId })).toBeInstanceOf(Error);
    expect(await leftOver()).toMatchObject([{ task: 'sign-up-mail', attempts: 1, locked: false }]);
  });

  it('has the same Message-ID at every attempt, so that a copy can be told', async () => {
    context().expectsLog(/Failed task/);
    const { id } = await pending();
    let dots = 0;
    await work(({ step }) => (step === 'dot' && dots++ === 0 ? { keep: true, next: 'close' } : undefined));
    expect(await done('sign-up-mail', { subscriberId: id, messageId, signUpId })).toBeInstanceOf(Error);
    await context().db.pool.query('update graphile_worker._private_jobs set run_at = now()');
    await server.received(2);
    expect(server.mails.map((mail) => mail.messageId)).toEqual([
      `<${messageId}@example.org>`,
      `<${messageId}@example.org>`,
    ]);
  });

  it('is done when the server says that there is no such address', async () => {
    const { id } = await pending();
    await work(({ step }) => (step === 'RCPT' ? { reply: '550 5.1.1 no such user' } : undefined));
    expect(await done('sign-up-mail', { subscriberId: id, messageId, signUpId })).toBeNull();
    expect(await leftOver()).toEqual([]);
  });

  it('mails nobody who bounced, or who is gone', async () => {
    const { id } = await makeSubscriber(context().db.prisma, { status: 'bounced' });
    await work();
    expect(await done('sign-up-mail', { subscriberId: id, messageId, signUpId })).toBeNull();
    expect(await done('sign-up-mail', { subscriberId: id + 1, messageId, signUpId })).toBeNull();
    expect(server.mails).toEqual([]);
  });

  it('with a payload that makes no sense fails, and says why', async () => {
    context().expectsLog(/Failed task/);
    await work();
    const payload = { subscriber: 'ada' } as unknown as Jobs['sign-up-mail'];
    expect(await done('sign-up-mail', payload)).toBeInstanceOf(Error);
    expect(await leftOver()).toMatchObject([{ error: expect.stringContaining('subscriberId') }]);
  });
});

describe('prune', () => {
  it('forgets sign-ups that were never confirmed, and old digests', async () => {
    const { prisma } = context().db;
    await makePaper(prisma, '2026-02-03');
    await makeSubscriber(prisma);
    await pending();
    await work();
    const delivered = finished('deliver');
    await done('plan', {});
    // A digest under way is kept, and its mail may be there before its outcome is on record.
    expect(await delivered).toBeNull();
    expect(server.mails).toHaveLength(1);
    context().time.now = new Date(now.getTime() + 401 * 86_400_000);
    expect(await done('prune', {})).toBeNull();
    expect(await prisma.subscriber.findMany()).toMatchObject([{ status: 'active' }]);
    expect(await prisma.digest.count()).toBe(0);
  });
});
