import { z } from 'zod';
import type { Context } from '../context.js';
import { digestLink } from '../subscribers/links.js';

export interface SentDigest {
  email: string;
  papers: number;
  topPaper: string;
  /** Address of the digest in the browser. */
  webView: string;
}

const sent = z.array(
  z.object({
    id: z.string(),
    linkId: z.string(),
    tokenEpoch: z.number(),
    email: z.string(),
    papers: z.number(),
    topPaper: z.string(),
  }),
);

/** The digests that were sent, in the order of their subscribers, and what is in them. */
export async function listSent(ctx: Pick<Context, 'db' | 'config' | 'keys'>): Promise<SentDigest[]> {
  const rows = await ctx.db.prisma.$queryRaw`
    select d.id, s.link_id as "linkId", s.token_epoch as "tokenEpoch", s.email, cardinality(e.paper_ids) as papers,
      top.content ->> 'title' as "topPaper"
    from digests d
      join subscribers s on s.id = d.subscriber_id
      join editions e on e.id = d.edition_id
      join paper_snapshots top on top.id = e.snapshot_ids[1]
    where d.status = 'sent'
    order by s.id, d.day`;
  return sent.parse(rows).map(({ id, linkId, tokenEpoch, email, papers, topPaper }) => ({
    email,
    papers,
    topPaper,
    webView: digestLink(ctx, { linkId, tokenEpoch }, id),
  }));
}
