import { NIL } from 'uuid';
import type { Context } from '../context.js';
import { UserError } from '../errors.js';
import type { Message } from '../mail/message.js';
import { topicNames } from '../topics/topic-name.js';
import { messageWith } from './compose-stored.js';
import { anyReader } from './content.js';
import { previewEdition } from './editions.js';
import { chooseWelcome } from './plan.js';
import type { DigestTemplatesByLanguage } from './templates.js';

export interface PreviewRequest {
  /** Topic slugs; none means the trending papers. */
  topics: string[];
  /** Own phrases in web-search syntax, valid. */
  phrases: string[];
  /** The day whose papers to show, YYYY-MM-DD; where nothing matches on it, the newest day before it that has something. */
  date: string;
  /** How many papers at the most. */
  count: number;
  abstractLength: 'none' | 'short' | 'full';
}

/**
 * The digest that someone with these preferences would get as their first. Nothing is sent, and nothing is written.
 * @throws UserError where no paper matches
 */
export async function previewDigest(
  ctx: Context,
  templates: DigestTemplatesByLanguage,
  request: PreviewRequest,
): Promise<Message> {
  const { prisma } = ctx.db;
  const { topics, phrases, count, abstractLength } = request;
  const interests = { phrases, mutedPhrases: [], authors: [], categories: [] };
  const chosen = await chooseWelcome(prisma, request.date, { topics, interests, count });
  if (!chosen) throw new UserError(`No paper of the week up to ${request.date} matches`);
  const shown = await previewEdition(prisma, chosen, topicNames);
  const to = { subscriberId: 0, linkId: NIL, tokenEpoch: 0, email: 'reader@example.org' };
  const reader = { ...anyReader, topics, own: phrases.length };
  const digest = { id: '00000000-0000-8000-8000-000000000000', day: request.date, plannedAt: ctx.clock() };
  return messageWith(ctx, templates, { ...digest, ...to, reader, abstractLength }, shown);
}
