import { describe, expect, it } from 'vitest';
import { PaperIndex } from '../../src/interests/paper-index.js';
import { findCategory } from '../../src/papers/arxiv-categories.js';

const index = new PaperIndex();
const paper = { title: '', abstract: '', keywords: [], authors: [], categories: [] };
index.add({
  ...paper,
  id: 1,
  title: 'World models',
  authors: ['Ada Lovelace', 'Alan M. Turing'],
  categories: ['cs.LG', 'stat.ML'],
});
index.add({ ...paper, id: 2, abstract: 'A model of the world', authors: ['Ann Lovelace'], categories: ['hep-th'] });
index.add({ ...paper, id: 3, keywords: ['world model'], authors: ['A. Turing'] });

describe('an index of papers', () => {
  it('finds a phrase in title, abstract and keywords', () => {
    expect([...index.withPhrase('world model').keys()]).toEqual([1, 2, 3]);
    expect([...index.withPhrase('"world model"').keys()]).toEqual([1, 3]);
  });

  it('says which words found a paper', () => {
    const found = index.withPhrase('music OR "world model" OR world -music');
    expect([...found]).toEqual([
      [1, 'world model'],
      [3, 'world model'],
      [2, 'world'],
    ]);
  });

  it('finds authors by any way to write their names', () => {
    expect([...index.byAuthor('Alan Turing')]).toEqual([1, 3]);
    expect([...index.byAuthor('Ada Lovelace')]).toEqual([1]);
    expect([...index.byAuthor('A. Lovelace')]).toEqual([1, 2]);
    expect([...index.byAuthor('Grace Hopper')]).toEqual([]);
  });

  it('finds categories, and archives with all that is in them', () => {
    expect([...index.inCategory('stat.ML')]).toEqual([1]);
    expect([...index.inCategory('cs')]).toEqual([1]);
    expect([...index.inCategory('hep-th')]).toEqual([2]);
    expect([...index.inCategory('cs.CL')]).toEqual([]);
  });
});

describe('a category', () => {
  it.each([
    ['cs.cl', 'cs.CL'],
    [' CS.LG ', 'cs.LG'],
    ['hep-TH', 'hep-th'],
    ['cond-mat.mtrl-sci', 'cond-mat.mtrl-sci'],
    ['cs', 'cs'],
    ['cs.XX', null],
    ['', null],
    ['constructor', null],
  ])('“%s” is %s', (text, category) => {
    expect(findCategory(text)).toBe(category);
  });
});
