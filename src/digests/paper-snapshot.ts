import { z } from 'zod';

/** A paper as it stands in a digest, frozen when the digest was planned: the content of a row of `paper_snapshots`. */
export const paperSnapshot = z.object({
  identifier: z.string(),
  title: z.string(),
  authors: z.array(z.string()),
  organization: z.string().nullable(),
  publishedAt: z.coerce.date(),
  abstract: z.string(),
  summary: z.string().nullable(),
  upvotes: z.number(),
  comments: z.number(),
  thumbnailUrl: z.string().nullable(),
  discussionUrl: z.string().nullable(),
  codeUrl: z.string().nullable(),
  codeStars: z.number().nullable(),
  projectUrl: z.string().nullable(),
});
export type PaperSnapshot = z.infer<typeof paperSnapshot>;
