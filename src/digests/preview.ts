import { UserError } from '../config.js';
import type { Context } from '../context.js';
import { rehearse } from '../database/rehearse.js';
import type { Message } from '../mail/message.js';
import type { MailTemplates } from '../mail/templates.js';
import { messageOf } from './compose-stored.js';
import { planWelcome } from './plan.js';
import { findJustWritten } from './store.js';

export interface PreviewRequest {
  /** Topic slugs; none means the trending papers. */
  topics: string[];
  /** The day whose papers to show, YYYY-MM-DD; where nothing matches on it, the newest day before it that has something. */
  date: string;
}

/**
 * The digest that someone with these preferences would get. It is made as every digest is, for a subscriber who exists
 * only for the length of a transaction: nothing is sent, and nothing stays in the database.
 * @throws UserError where no paper matches
 */
export async function previewDigest(ctx: Context, templates: MailTemplates, request: PreviewRequest): Promise<Message> {
  const at = new Date(`${request.date}T23:59:59Z`);
  return rehearse(ctx.db.prisma, async (tx) => {
    const email = 'reader@example.org';
    const { id } = await tx.subscriber.create({
      data: { email, emailKey: 'preview', status: 'active', topics: request.topics, createdAt: at },
    });
    await planWelcome(tx, at, id);
    const [digest] = await findJustWritten(tx, 1);
    if (!digest) throw new UserError(`No paper of the week up to ${request.date} matches`);
    return messageOf(ctx, tx, templates, digest);
  });
}
