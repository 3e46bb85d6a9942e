import { statSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../../src/project.js';
import { Classifier } from '../../src/topics/classifier.js';
import { definitions } from '../../src/topics/definitions.js';
import { loadMatcher } from '../../src/topics/matcher.js';
import { type Model, readModel, writeModel } from '../../src/topics/model.js';
import { termsOf, wordsOf } from '../../src/topics/terms.js';

const { classifier } = loadMatcher();
const slugs = definitions.map(({ slug }) => slug);

describe('the topics of a paper', () => {
  it.each([
    [
      '3D Gaussian splatting for dynamic scenes',
      'We reconstruct scenes from a few views and render novel views in real time.',
      '3d',
      /^title: .*(gaussian|splatting|3d)/i,
    ],
    [
      'Speculative decoding for large language models',
      'We speed up inference with a draft model, and cut the latency of serving by half with a smaller KV cache.',
      'efficient-inference',
      /^title: .*(decoding|speculative)/i,
    ],
    [
      'A jailbreak of aligned models',
      'Red teaming shows that guardrails and safety training fail against adversarial attacks with harmful prompts.',
      'safety',
      /jailbreak|safety|red team|attack/i,
    ],
  ])('%s', (title, abstract, topic, reason) => {
    const [best] = classifier.classify({ title, abstract, keywords: [] });
    expect(best).toMatchObject({ topic, reason: expect.stringMatching(reason) });
    expect(best?.probability).toBeGreaterThan(0.5);
  });

  it('are none where nothing is known of it', () => {
    expect(classifier.classify({ title: 'Notes', abstract: '', keywords: [] })).toEqual([]);
  });

  it('are probabilities and reasons, most probable first, the same each time, whatever the text', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.lorem({ maxCount: 40 }),
      fc.constantFrom(...definitions.map(({ terms }) => terms)),
    );
    fc.assert(
      fc.property(text, text, fc.array(text, { maxLength: 5 }), (title, abstract, keywords) => {
        const matches = classifier.classify({ title, abstract, keywords });
        expect(classifier.classify({ title, abstract, keywords })).toEqual(matches);
        const probabilities = matches.map(({ probability }) => probability);
        expect(probabilities).toEqual(probabilities.toSorted((a, b) => b - a));
        for (const { topic, probability, reason } of matches) {
          expect(slugs).toContain(topic);
          expect(probability > 0 && probability <= 1).toBe(true);
          expect(reason).toMatch(/^(title|keywords|abstract)(: .+)?$/);
        }
      }),
    );
  });

  it('come from its definition alone where a topic is new', () => {
    const fresh = { slug: 'quantum', terms: 'quantum computing, qubit' };
    const grown = new Classifier(readModel(writeModel(loadModel())), [...definitions, fresh]);
    const paper = {
      title: 'Quantum computing with fewer qubits',
      abstract: 'We correct the errors of a qubit. Quantum computing needs that.',
      keywords: ['quantum computing'],
    };
    expect(grown.classify(paper)).toContainEqual(
      expect.objectContaining({ topic: 'quantum', reason: 'title: Quantum computing' }),
    );
    expect(grown.classify({ ...paper, title: 'A survey', abstract: '', keywords: [] })).not.toContainEqual(
      expect.objectContaining({ topic: 'quantum' }),
    );
  });

  it('stay those of the others where one is gone', () => {
    const paper = { title: 'Music generation with diffusion models', abstract: 'We generate songs.', keywords: [] };
    const without = definitions.filter(({ slug }) => slug !== 'music');
    const found = new Classifier(loadModel(), without).classify(paper).map(({ topic }) => topic);
    expect(classifier.classify(paper).map(({ topic }) => topic)).toContain('music');
    expect(found).not.toContain('music');
    expect(found).toContain('diffusion');
  });
});

/** A small model with weights of its own. */
function loadModel(): Model {
  const topics = slugs.map((slug) => ({
    slug,
    bias: -1,
    definitions: slugs.map((other): [number, number] => (other === slug ? [2, 0.5] : [0, 0])),
    slope: 2,
    offset: 0,
    threshold: 0.5,
    scale: 3,
  }));
  return {
    topics,
    words: new Map([['song', Float64Array.from(slugs, (slug) => (slug === 'music' ? 3 : 0))]]),
    pairs: new Map([['diffusion model', [{ topic: slugs.indexOf('diffusion'), weight: 3 }]]]),
    untrained: { bias: -2, title: 2, text: 1, threshold: 0.4 },
  };
}

describe('a model as a file', () => {
  it('has the weights in steps of a thirty-first of the largest, and no pair without any', () => {
    const model = loadModel();
    model.words.set(
      'guitar',
      Float64Array.from(slugs, (_, i) => (i % 2 ? 1 : -2.99)),
    );
    model.pairs.set('next token', [{ topic: 0, weight: 0.001 }]);
    const read = readModel(writeModel(model));
    expect(read.topics).toEqual(model.topics);
    expect(read.untrained).toEqual(model.untrained);
    expect([...read.pairs.keys()]).toEqual(['diffusion model']);
    for (const [word, weights] of model.words) {
      for (const [i, weight] of weights.entries())
        expect(Math.abs((read.words.get(word)?.[i] ?? 9) - weight)).toBeLessThanOrEqual(3 / 62 + 1e-9);
    }
    expect(writeModel(read)).toBe(writeModel(model));
  });

  it('that comes with Offprint is at most 500 kB, and knows every topic', () => {
    expect(statSync(projectPath('models/topics.txt')).size).toBeLessThanOrEqual(500_000);
    expect(loadMatcher().classifier.scoresOf({ title: '', abstract: '', keywords: [] })).toHaveLength(
      definitions.length,
    );
  });
});

describe('the terms of a text', () => {
  it('are words and pairs of words, without those that say nothing, plurals as singulars', () => {
    const terms = termsOf({ title: 'Policies of agents. Models', abstract: '', keywords: [] });
    expect([...terms.keys()]).toEqual(['policy', 'agent', 'model']);
    expect([...termsOf({ title: 'Diffusion transformers', abstract: '', keywords: [] }).keys()]).toEqual([
      'diffusion',
      'diffusion transformer',
      'transformer',
    ]);
    expect(wordsOf('Analysis of the focus-less class, text-to-SQL')).toEqual(
      'analysis of the focus less class text to sql'.split(' '),
    );
  });

  it('weigh three times as much in the title, and are shown as they are written in the best place', () => {
    const paper = { title: 'World Models', abstract: 'A world model. World models!', keywords: ['world model'] };
    expect(termsOf(paper).get('world model')).toEqual({ weight: 6, place: 'title', surface: 'World Models' });
  });

  it.each(definitions)('of the definition of $slug can all be found', ({ terms }) => {
    for (const term of terms.split(',')) expect(wordsOf(term), term).not.toEqual([]);
  });
});
