import type { Queries } from '../database/database.js';

/** What may become of a paper after it was sent. */
export const newsKinds = ['code', 'version', 'withdrawn', 'votes'] as const;
export type NewsKind = (typeof newsKinds)[number];

/** So many votes more than when a paper was first sent are news. */
const leastNewVotes = 120;

/** How the abstract of a withdrawn paper begins (https://info.arxiv.org/help/withdraw.html). */
const withdrawal = '^\\s*this (paper|article|submission|manuscript|work|preprint) (has been|is|was) withdrawn';

/**
 * Notes what has become of papers that were sent: code, a new version, a withdrawal, many more votes; each once.
 * @param papers.ids of those that have changed
 * @param papers.revised identifiers of those that their source announced again
 */
export async function noticeNews(
  tx: Queries,
  { ids, revised }: { ids: readonly number[]; revised: readonly string[] },
  now: Date,
): Promise<void> {
  if (ids.length + revised.length === 0) return;
  await tx.$executeRaw`
    insert into paper_news (paper_id, kind, votes, code_url, noticed_at)
    select p.id, news.kind, case news.kind when 'votes' then p.upvotes end, case news.kind when 'code' then p.code_url end, ${now}
    from papers p
      cross join lateral (
        select min((s.content ->> 'upvotes')::int) as upvotes, bool_or(s.content ->> 'codeUrl' is null) as without_code,
          bool_or(s.content ->> 'abstract' !~* ${withdrawal}) as not_withdrawn
        from paper_snapshots s
        where s.paper_id = p.id
        having count(*) > 0
      ) sent
      cross join lateral (values
        ('code', p.code_url like 'https://%' and sent.without_code),
        ('votes', p.upvotes >= sent.upvotes + ${leastNewVotes}),
        ('withdrawn', p.abstract ~* ${withdrawal} and sent.not_withdrawn),
        ('version', p.identifier = any (${revised}) and p.abstract !~* ${withdrawal})
      ) as news (kind, holds)
    where (p.id = any (${ids}::int[]) or p.identifier = any (${revised})) and news.holds
    on conflict do nothing`;
}
