import type { Context } from '../context.js';
import { digestLink } from '../subscribers/links.js';
import { printedPaper } from './printing.js';

export interface SentDigest {
  email: string;
  papers: number;
  topPaper: string;
  /** Address of the digest in the browser. */
  webView: string;
}

/** The digests that were sent, in the order of their subscribers, and what is in them. */
export async function listSent(ctx: Pick<Context, 'db' | 'config' | 'keys'>): Promise<SentDigest[]> {
  const digests = await ctx.db.prisma.digest.findMany({
    where: { status: 'sent' },
    orderBy: { subscriberId: 'asc' },
    include: { subscriber: true, papers: { orderBy: { position: 'asc' }, include: { printing: true } } },
  });
  return digests.flatMap(({ id, subscriber, papers }) => {
    const top = papers[0];
    if (!subscriber || !top) return [];
    return {
      email: subscriber.email,
      papers: papers.length,
      topPaper: printedPaper.parse(top.printing.content).title,
      webView: digestLink(ctx, subscriber, id),
    };
  });
}
