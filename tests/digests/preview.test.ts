import { beforeEach, describe, expect, it } from 'vitest';
import { planDue } from '../../src/digests/plan.js';
import { previewDigest } from '../../src/digests/preview.js';
import { UserError } from '../../src/errors.js';
import { textOf } from '../../src/mail/segment.js';
import { useContext } from '../helpers/context.js';
import { makePaper, makeSubscriber } from '../helpers/rows.js';
import { countRows, deliveryTo, startMorning } from './delivery.js';

const context = useContext();
beforeEach(async () => {
  await startMorning(context());
  const { prisma } = context().db;
  await makePaper(prisma, '2026-02-02', { title: 'Singing machines', topics: ['music'] });
  await makePaper(prisma, '2026-02-03', { title: 'Agents that plan', topics: ['agents'], upvotes: 5 });
  await makePaper(prisma, '2026-02-03', { title: 'Agents that wait', topics: ['agents'], upvotes: 9 });
});
const preview = async (topics: string[], date = '2026-02-03', phrases: string[] = []) => {
  const { ctx, templates } = await deliveryTo(context(), []);
  return previewDigest(ctx, templates, { topics, phrases, date, count: 8, abstractLength: 'short' });
};

describe('a preview', () => {
  it('is the digest that a subscriber with these topics would get', async () => {
    const message = await preview(['agents']);
    expect(message.subject).toBe('Agents that wait + 1 more paper');
    expect(textOf(message.text)).toContain('Why: AI agents');
    expect(textOf(message.text)).not.toContain('Singing machines');
    expect(textOf(message.html)).toContain('Agents that plan');
  });

  it('is of what phrases find, and says so', async () => {
    const message = await preview([], '2026-02-03', ['agents -plan', 'singing']);
    expect(message.subject).toBe('Agents that wait');
    expect(textOf(message.text)).toContain('your phrase “agents”');
  });

  it('is of the trending papers where no topics are given', async () => {
    expect((await preview([])).subject).toBe('Agents that wait + 1 more paper');
  });

  it('shows the day that is asked for, or the newest before it on which something matches', async () => {
    expect((await preview([], '2026-02-02')).subject).toBe('Singing machines');
    expect((await preview(['music'], '2026-02-04')).subject).toBe('Singing machines');
  });

  it('is a clear word where nothing matches', async () => {
    const error = await preview(['robotics'], '2026-02-04').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ message: 'No paper of the week up to 2026-02-04 matches' });
  });

  it('writes nothing, sends nothing, and may be made many times at once', async () => {
    const before = await countRows(context());
    const messages = await Promise.all([preview(['agents']), preview([]), preview(['music'])]);
    expect(new Set(messages.map(({ to }) => to)).size).toBe(1);
    expect(await countRows(context())).toEqual(before);
  });

  it('takes no paper from anyone: the plan that follows gives them as if there had been none', async () => {
    await preview(['agents']);
    await makeSubscriber(context().db.prisma, { topics: ['agents'] });
    expect((await planDue(context(), context().time.now)).days).toMatchObject([{ due: 1, planned: 1 }]);
  });
});
