import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ingestSamples } from '../../src/ingest/ingest.js';
import { arxivUrl } from '../../src/papers/paper.js';
import { listPapers } from '../../src/papers/store.js';
import { projectPath } from '../../src/project.js';
import { readDailyPapers } from '../../src/sources/daily-papers.js';
import { useContext } from '../helpers/context.js';

const corpus = process.env['OFFPRINT_CORPUS'];
const samples = readDailyPapers(readFileSync(projectPath('samples/papers.json'), 'utf8'));
const papers = samples.entries.map(({ paper }) => paper);

describe('the sample papers', () => {
  const context = useContext();
  let listed: Awaited<ReturnType<typeof listPapers>>;

  beforeAll(async () => {
    expect(await ingestSamples(context())).toMatchObject({ new: papers.length, rejected: 0, failures: [] });
    expect(await ingestSamples(context())).toMatchObject({ new: 0, updated: 0 });
    listed = await listPapers(context().db.prisma, { sort: 'newest', limit: 100 });
  });

  test('are at least 38, each on arXiv, complete and once', () => {
    expect(samples).toMatchObject({ rejected: [], error: null });
    expect(new Set(papers.map(({ identifier }) => identifier)).size).toBe(papers.length);
    expect(papers.length).toBeGreaterThanOrEqual(38);
    for (const { paper, day } of samples.entries) {
      expect(arxivUrl(paper.identifier), paper.identifier).not.toBeNull();
      expect(day, paper.identifier).toMatch(/^2026-\d\d-\d\d$/);
      expect(paper.authors.length, paper.identifier).toBeGreaterThan(0);
      expect(paper.authors.length, paper.identifier).toBeLessThanOrEqual(12);
      expect(paper.keywords.length, paper.identifier).toBeGreaterThanOrEqual(4);
      expect(paper.abstract.length, paper.identifier).toBeGreaterThanOrEqual(300);
      expect(paper.abstract.length, paper.identifier).toBeLessThanOrEqual(600);
    }
  });

  test('fill several days, the newest with enough for a digest', () => {
    const days = listed.map(({ day }) => day);
    expect(new Set(days).size).toBeGreaterThanOrEqual(3);
    expect(days.filter((day) => day === days[0]).length).toBeGreaterThanOrEqual(12);
  });

  test('have something for nearly every topic, and nearly all have a topic', () => {
    const topics = new Set(listed.flatMap((paper) => paper.topics.map(({ slug }) => slug)));
    expect(topics.size).toBeGreaterThanOrEqual(36);
    expect(listed.filter((paper) => paper.topics.length === 0).map(({ title }) => title).length).toBeLessThanOrEqual(2);
  });

  test.skipIf(!corpus)('are told in words of our own', () => {
    const folder = join(corpus ?? '', 'huggingface');
    const abstracts = new Map(
      readdirSync(folder)
        .flatMap(
          (name) =>
            JSON.parse(readFileSync(join(folder, name), 'utf8')) as { paper: { id: string; summary: string } }[],
        )
        .map(({ paper }) => [paper.id, ` ${words(paper.summary).join(' ')} `]),
    );
    for (const { identifier, abstract } of papers) {
      const original = abstracts.get(identifier);
      expect(original, identifier).toBeDefined();
      const own = words(abstract);
      const runs = own.slice(0, -7).map((_, at) => own.slice(at, at + 8).join(' '));
      expect(runs.filter((run) => original?.includes(` ${run} `))).toEqual([]);
    }
  });
});

function words(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}
