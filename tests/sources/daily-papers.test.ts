import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readDailyPapers } from '../../src/sources/daily-papers.js';
import { dailyPaper } from '../helpers/source.js';

function read(...entry: Parameters<typeof dailyPaper>) {
  const answer = readDailyPapers(JSON.stringify([dailyPaper(...entry)]));
  return answer.entries[0]?.paper;
}

describe('an entry of the Daily Papers API', () => {
  test('becomes a paper', () => {
    expect(
      read(
        '2602.02276v2',
        {
          title: 'A  title\n  of two lines',
          submittedOnDailyAt: '2026-02-03T09:00:00.000Z',
          ai_summary: 'In short.',
          ai_keywords: ['one', '', '  ', 'two'],
          githubRepo: 'https://github.com/a/b',
          githubStars: 12,
          projectPage: ' https://example.org/p',
          organization: { _id: 'x', name: 'acme', fullname: 'Acme Labs' },
          authors: [{ name: 'Kurt G\\"odel' }, { name: 'Hidden', hidden: true }, { name: '' }],
          unknownField: { of: 'tomorrow' },
        },
        {
          thumbnail: 'https://example.org/t.png',
          mediaUrls: ['https://example.org/a.mp4', 'https://example.org/b.png'],
        },
      ),
    ).toEqual({
      identifier: '2602.02276',
      title: 'A title of two lines',
      abstract: 'We study something and find something.',
      summary: 'In short.',
      authors: ['Kurt Gödel'],
      organization: 'Acme Labs',
      keywords: ['one', 'two'],
      categories: [],
      publishedAt: new Date('2026-02-02T00:00:00Z'),
      upvotes: 3,
      comments: 2,
      thumbnailUrl: 'https://example.org/b.png',
      discussionUrl: 'https://huggingface.co/papers/2602.02276',
      codeUrl: 'https://github.com/a/b',
      codeStars: 12,
      projectUrl: 'https://example.org/p',
    });
  });

  test.each([
    [{ githubRepo: 'javascript:alert(1)', projectPage: 'not a link' }, { mediaUrls: ['/relative.png'] }],
    [
      { githubRepo: 'file:///etc/passwd', projectPage: 'https://user:pass@example.org/' },
      { mediaUrls: ['http://example.org/t.png'] },
    ],
    [
      { githubRepo: 5, projectPage: null },
      { thumbnail: ['x'], mediaUrls: 'x' },
    ],
  ])('keeps only addresses of the web: %j, %j', (paper, entry) => {
    expect(read('2602.00001', paper, entry)).toMatchObject({ codeUrl: null, projectUrl: null, thumbnailUrl: null });
  });

  test.each([{ upvotes: -1 }, { upvotes: 1.5 }, { upvotes: 'many' }, { upvotes: 2 ** 40 }, { upvotes: undefined }])(
    'is kept without votes where there is no usable number: %j',
    (paper) => expect(read('2602.00001', paper)).toMatchObject({ upvotes: null }),
  );

  test.each([
    { id: '' },
    { id: 'a b' },
    { title: '' },
    { title: '\u200b' },
    { publishedAt: 'yesterday' },
    { authors: 'A, B' },
    { summary: null },
  ])('is rejected with a reason: %j', (paper) => {
    const answer = readDailyPapers(JSON.stringify([dailyPaper('2602.00001', paper), dailyPaper('2602.00002')]));
    expect(answer.entries).toHaveLength(1);
    expect(answer.rejected).toEqual([{ entry: expect.any(String), reason: expect.stringMatching(/^paper\.\w+: /) }]);
  });
});

describe('a list', () => {
  test('that is empty is an empty day', () => {
    expect(readDailyPapers('[]')).toEqual({ entries: [], rejected: [], error: null });
  });

  test('is read or reported, whatever it holds', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        const { entries, rejected, error } = readDailyPapers(json);
        const list: unknown = JSON.parse(json);
        if (error === null) expect(entries.length + rejected.length).toBe((list as unknown[]).length);
        else expect(entries).toEqual([]);
      }),
    );
  });
});
