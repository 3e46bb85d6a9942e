import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { RetryBudget } from '../../src/sources/http.js';
import { huggingFace } from '../../src/sources/huggingface.js';
import { SourceError } from '../../src/sources/source.js';
import { type Answer, answerWith, dailyPaper, playHuggingFace, playPages, silence } from '../helpers/source.js';

const day = '2026-02-04';

function reading(url: string, retryBudgetMs = 400) {
  return huggingFace(url, { retryBudget: new RetryBudget(retryBudgetMs), baseUrl: 'https://papers.example.org' });
}

/** Gives the answers one after the other, then stays with the last. */
function inTurn(...answers: Answer[]): Answer {
  return (request, response) => {
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (typeof answer === 'function') answer(request, response);
    else response.end(JSON.stringify(answer));
  };
}

describe('the Hugging Face source', () => {
  test('asks for the day, page by page, and says who asks', async () => {
    const papers = Array.from({ length: 230 }, (_, n) => dailyPaper(`2602.${String(n).padStart(5, '0')}`));
    const source = await playHuggingFace({ [day]: papers });
    const { lists } = await reading(source.url).fetch(day);
    expect(lists.map((list) => [list.day, list.papers.length])).toEqual([[day, 230]]);
    expect(source.requests.map(({ path, query }) => `${path}?${query}`)).toEqual(
      [0, 1, 2].map((page) => `/api/daily_papers?date=${day}&limit=100&p=${page}`),
    );
    expect(source.requests[0]?.userAgent).toMatch(/^Offprint\/\d+\.\d+\.\d+ \(\+https:\/\/papers\.example\.org\)$/);
  });

  test('stops where a server repeats its page for ever', async () => {
    const papers = Array.from({ length: 100 }, (_, n) => dailyPaper(`2602.${String(n).padStart(5, '0')}`));
    const source = await playHuggingFace({ [day]: (_request, response) => response.end(JSON.stringify(papers)) });
    const { lists } = await reading(source.url).fetch(day);
    expect(lists[0]?.papers).toHaveLength(100);
    expect(source.requests).toHaveLength(2);
  });

  test.each([
    ['500', answerWith(500, '')],
    ['503 with Retry-After', answerWith(503, '', { 'retry-after': '0' })],
    ['503 with a date that is past', answerWith(503, '', { 'retry-after': 'Sun, 01 Feb 2026 00:00:00 GMT' })],
    ['429', answerWith(429, '')],
    ['a broken connection', ((request) => request.destroy()) satisfies Answer],
  ])('row 50: asks again after %s', async (_, failing) => {
    const source = await playHuggingFace({ [day]: inTurn(failing, failing, [dailyPaper('2602.00001')]) });
    expect((await reading(source.url).fetch(day)).lists[0]?.papers).toHaveLength(1);
    expect(source.requests).toHaveLength(3);
  });

  test.each([
    ['500', answerWith(500, ''), 3],
    ['404', answerWith(404, ''), 1],
    ['a Retry-After beyond its retryBudget', answerWith(429, '', { 'retry-after': '3600' }), 1],
    ['a Retry-After of next year', answerWith(429, '', { 'retry-after': 'Fri, 01 Jan 2199 00:00:00 GMT' }), 1],
    ['a page of HTML', answerWith(200, '<html></html>'), 1],
  ])('gives up on %s, after so many requests', async (_, answer, requests) => {
    const source = await playHuggingFace({ [day]: answer });
    await expect(reading(source.url).fetch(day)).rejects.toThrow(SourceError);
    expect(source.requests).toHaveLength(requests);
  });

  test('does not wait long for a server that is silent, and then no more at all', async () => {
    const source = await playHuggingFace({ [day]: silence, '2026-02-03': silence });
    const huggingface = reading(source.url, 200);
    await expect(huggingface.fetch(day)).rejects.toThrow('did not answer in time');
    await expect(huggingface.fetch('2026-02-03')).rejects.toThrow('did not answer in time');
    expect(source.requests).toHaveLength(1);
  });

  test('says why a server cannot be reached', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((done) => server.once('listening', done));
    const { port } = server.address() as { port: number };
    await new Promise((done) => server.close(done));
    const huggingface = reading(`http://127.0.0.1:${port}`);
    await expect(huggingface.fetch(day)).rejects.toThrow(/cannot be reached: .*ECONNREFUSED/);
    await expect(huggingface.fetch('2026-02-03')).rejects.toThrow(/cannot be reached: .*ECONNREFUSED/);
  });

  test('finding 11: is followed within its server, and to another only into the public Internet', async () => {
    const asked: string[] = [];
    const pages = await playPages({
      '/meta-data': (_request, response) => {
        asked.push('secret');
        response.end('[]');
      },
    });
    const source = await playHuggingFace({
      '2026-02-03': (request, response) => {
        const moved = !request.url?.includes('moved');
        response.writeHead(moved ? 307 : 200, moved ? { location: `${request.url}&moved=1` } : {}).end('[]');
      },
      [day]: (_request, response) => response.writeHead(302, { location: `${pages}/meta-data` }).end(),
    });
    expect((await reading(source.url).fetch('2026-02-03')).lists).toEqual([{ day: '2026-02-03', papers: [] }]);
    await expect(reading(source.url).fetch(day)).rejects.toThrow('127.0.0.1 is not on the public Internet');
    expect(asked).toEqual([]);
  });

  test('takes no answer that is far too long', async () => {
    const source = await playHuggingFace({
      [day]: (_request, response) => {
        const chunk = Buffer.alloc(1024 * 1024, ' ');
        const pour = () => {
          while (!response.destroyed && response.write(chunk));
          response.once('drain', pour);
        };
        pour();
      },
    });
    await expect(reading(source.url).fetch(day)).rejects.toThrow('longer than 8 MB');
  });
});
