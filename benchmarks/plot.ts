/**
 * A plot of the time that a day's steps take against the number of subscribers, as SVG, of what `offprint bench day --json` printed:
 * `npm run bench:plot -- docs/bench/*.json > docs/day.svg`. Both axes are logarithmic: what grows as the subscribers do is a
 * line that climbs one decade from one decade to the next.
 */
import { readFile } from 'node:fs/promises';
import type { DayReport } from '../src/bench/day.js';

interface Run {
  subscribers: number;
  day: DayReport;
}

const steps = [
  ['deliver', 'deliver, every hour', '#9c2f1f'],
  ['import', 'import, once', '#2f5d8a'],
  ['plan', 'plan, every hour', '#2e6b3f'],
  ['audit', 'audit', '#7a5a00'],
] as const;
const size = { width: 720, height: 420 };
const frame = { left: 70, right: 170, top: 30, bottom: 50 };
const decades = { subscribers: [4, 6], seconds: [-2, 4] } as const;

const x = (subscribers: number) =>
  along(Math.log10(subscribers), decades.subscribers, frame.left, size.width - frame.right);
const y = (seconds: number) => along(Math.log10(seconds), decades.seconds, size.height - frame.bottom, frame.top);

function along(value: number, [low, high]: readonly [number, number], from: number, to: number): number {
  return Math.round(from + ((value - low) / (high - low)) * (to - from));
}

function decadesOf([low, high]: readonly [number, number]): number[] {
  return Array.from({ length: high - low + 1 }, (_, i) => low + i);
}

function text(atX: number, atY: number, anchor: string, content: string, fill = '#1d1b19'): string {
  return `<text x="${atX}" y="${atY}" text-anchor="${anchor}" fill="${fill}">${content}</text>`;
}

const names: Record<number, string> = {
  [-2]: '10 ms',
  [-1]: '0.1 s',
  0: '1 s',
  1: '10 s',
  2: '100 s',
  3: '1,000 s',
  4: '10,000 s',
};

function axes(): string[] {
  const right = size.width - frame.right;
  const bottom = size.height - frame.bottom;
  return [
    ...decadesOf(decades.seconds).flatMap((decade) => {
      const at = y(10 ** decade);
      return [
        `<line x1="${frame.left}" x2="${right}" y1="${at}" y2="${at}" stroke="#e3ded6"/>`,
        text(frame.left - 8, at + 4, 'end', names[decade] ?? ''),
      ];
    }),
    ...decadesOf(decades.subscribers).map((decade) =>
      text(x(10 ** decade), bottom + 20, 'middle', (10 ** decade).toLocaleString('en')),
    ),
    text((frame.left + right) / 2, bottom + 40, 'middle', 'subscribers'),
  ];
}

function line(runs: readonly Run[], [step, label, colour]: (typeof steps)[number]): string[] {
  const points = runs.map(({ subscribers, day }) => ({ subscribers, seconds: day.steps[step].seconds }));
  const last = points.at(-1);
  return [
    `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${points.map((point) => `${x(point.subscribers)},${y(point.seconds)}`).join(' ')}"/>`,
    ...points.map((point) => `<circle cx="${x(point.subscribers)}" cy="${y(point.seconds)}" r="4" fill="${colour}"/>`),
    ...(last ? [text(x(last.subscribers) + 10, y(last.seconds) + 4, 'start', label, colour)] : []),
  ];
}

const files = process.argv.slice(2);
const runs = await Promise.all(files.map(async (file) => JSON.parse(await readFile(file, 'utf8')) as Run));
runs.sort((a, b) => a.subscribers - b.subscribers);
const content = [
  `<rect width="100%" height="100%" fill="#fffdf9"/>`,
  ...axes(),
  ...steps.flatMap((step) => line(runs, step)),
];
process.stdout.write(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" font-family="sans-serif" font-size="13" role="img" aria-label="Seconds of a day's steps against the number of subscribers">\n${content.join('\n')}\n</svg>\n`,
);
