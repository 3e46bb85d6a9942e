import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ingest } from '../../src/ingest/ingest.js';
import { useContext } from '../helpers/context.js';
import { playHuggingFace } from '../helpers/source.js';

const corpus = process.env['OFFPRINT_CORPUS'];

describe.skipIf(!corpus)('the captured answers of Hugging Face', () => {
  const context = useContext();
  const folder = join(corpus ?? '', 'huggingface');

  test('all go in through the API, and a second time change nothing', { timeout: 180_000 }, async () => {
    const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
    const days = Object.fromEntries(
      files.map((name) => [
        name.replace('.json', ''),
        JSON.parse(readFileSync(join(folder, name), 'utf8')) as unknown[],
      ]),
    );
    const source = await playHuggingFace(days);
    const ctx = { ...context(), config: { ...context().config, huggingfaceUrl: source.url } };
    const readAll = async () => {
      const sum = { new: 0, updated: 0, rejected: 0, failures: 0 };
      for (const date of Object.keys(days)) {
        const report = await ingest(ctx, { date });
        sum.new += report.new;
        sum.updated += report.updated;
        sum.rejected += report.rejected;
        sum.failures += report.failures.length;
      }
      return sum;
    };

    expect(Object.keys(days)).toHaveLength(84);
    expect(await readAll()).toMatchObject({ new: 2_025, rejected: 0, failures: 0 });
    expect(await readAll()).toEqual({ new: 0, updated: 0, rejected: 0, failures: 0 });
    expect(await ctx.db.prisma.paper.count()).toBe(2_025);
  });
});
