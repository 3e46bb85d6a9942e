import { describe, expect, it } from 'vitest';
import { evaluate } from '../../src/topics/evaluation.js';
import { parseLabelled } from '../../src/topics/labelled.js';

describe('the agreement with readers', () => {
  it('counts pairs of paper and topic, and the mean over topics that a reader has given', () => {
    const result = evaluate(
      ['a', 'b', 'c'],
      [
        { labelled: ['a', 'b'], found: ['a'] },
        { labelled: ['a'], found: ['a', 'c'] },
        { labelled: [], found: ['b'] },
      ],
    );
    expect(result).toEqual({
      papers: 3,
      micro: { precision: 2 / 4, recall: 2 / 3, f1: 4 / 7 },
      macro: { precision: 1 / 2, recall: 1 / 2, f1: 1 / 2 },
      topics: {
        a: { precision: 1, recall: 1, f1: 1, support: 2 },
        b: { precision: 0, recall: 0, f1: 0, support: 1 },
        c: { precision: 0, recall: 0, f1: 0, support: 0 },
      },
    });
  });

  it('of nothing is none', () => {
    const none = { precision: 0, recall: 0, f1: 0 };
    expect(evaluate(['a'], [])).toMatchObject({ papers: 0, micro: none, macro: none });
  });
});

describe('labelled papers', () => {
  it('stand one a line; keywords may be missing, and further fields are of no matter', () => {
    const text =
      '{"id":"1","title":"T","abstract":"A","topics":["x"],"note":1}\r\n\n{"title":"U","abstract":"","topics":[]}\n';
    expect(parseLabelled('f', text)).toMatchObject([
      { title: 'T', keywords: [], topics: ['x'] },
      { title: 'U', keywords: [], topics: [] },
    ]);
  });

  it.each([
    ['{"title":"T"', 'f, line 2: this is no JSON object'],
    ['{"title":"T","topics":[]}', 'f, line 2: abstract is wrong'],
    ['[]', 'f, line 2: the line is wrong'],
    ['{"title":"T","abstract":"A","topics":[1]}', 'f, line 2: topics.0 is wrong'],
  ])('%s is named with its line', (line, message) => {
    expect(() => parseLabelled('f', `{"title":"T","abstract":"A","topics":[]}\n${line}`)).toThrow(message);
  });
});
