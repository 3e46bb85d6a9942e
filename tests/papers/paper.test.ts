import { describe, expect, test } from 'vitest';
import { arxivUrl, clampPaper, findArxivId, pdfUrl, untold } from '../../src/papers/paper.js';

test.each(['2602.02276', '0704.0001', '1501.00001', 'math.GT/0309136', 'hep-th/9901001', 'cs/0112017'])(
  'links to arXiv by the id %s',
  (id) => {
    expect(arxivUrl(id)).toBe(`https://arxiv.org/abs/${id}`);
    expect(pdfUrl(id)).toBe(`https://arxiv.org/pdf/${id}`);
  },
);

test.each(['10.1000/182', '2602.2276x', '2613.00001', '2602.02276v2', 'https://example.org', '../x', 'a"b', ''])(
  'makes no link to arXiv of %j',
  (id) => {
    expect(arxivUrl(id)).toBeNull();
    expect(pdfUrl(id)).toBeNull();
  },
);

test.each([
  ['2602.02276v3', '2602.02276'],
  ['arXiv:2602.02276', '2602.02276'],
  ['oai:arXiv.org:math.GT/0309136v1', 'math.GT/0309136'],
  ['http://arxiv.org/abs/2602.02276v1', '2602.02276'],
  [' https://export.arxiv.org/pdf/2602.02276v1.pdf ', '2602.02276'],
  ['https://example.org/2602.02276', null],
  ['10.1000/182', null],
])('finds in %j the arXiv id %j', (text, id) => expect(findArxivId(text)).toBe(id));

describe('a paper of any size', () => {
  const paper = { ...untold, identifier: '2602.00001', title: 'T', abstract: 'A' };

  test('is cut between characters, never inside one', () => {
    const { title } = clampPaper({ ...paper, title: `${'a'.repeat(1_999)}😀😀` });
    expect(title).toBe(`${'a'.repeat(1_999)}😀`);
    expect(clampPaper({ ...paper, title: '😀'.repeat(3_000) }).title).toBe('😀'.repeat(2_000));
  });

  test('keeps a bearable number of keywords, authors and characters', () => {
    const keywords = Array.from({ length: 200_000 }, (_, i) => `word ${i}`);
    expect(clampPaper({ ...paper, keywords, authors: keywords, abstract: 'a'.repeat(1e6) })).toMatchObject({
      keywords: keywords.slice(0, 100),
      authors: keywords.slice(0, 2_000),
      abstract: 'a'.repeat(50_000),
    });
  });

  test('of ordinary size stays as it is', () => {
    expect(clampPaper(paper)).toEqual(paper);
  });
});
