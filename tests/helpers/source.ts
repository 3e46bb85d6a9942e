import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a source answers for a day: a list as JSON, or anything else that servers do. */
export type Answer = unknown[] | ((request: IncomingMessage, response: ServerResponse) => void);

export interface PlayedSource {
  url: string;
  /** What it was asked, oldest first. */
  requests: { path: string; query: URLSearchParams; userAgent: string | undefined }[];
  /** Sets what it answers for a day, YYYY-MM-DD, from now on; a day without an answer is an empty list. */
  answer(day: string, answer: Answer): void;
  close(): Promise<void>;
}

/** Starts a server that plays the Daily Papers API of Hugging Face; it pages as that does, and keeps no test running. */
export async function playHuggingFace(days: Record<string, Answer> = {}): Promise<PlayedSource> {
  const answers = new Map(Object.entries(days));
  const requests: PlayedSource['requests'] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    requests.push({ path: url.pathname, query: url.searchParams, userAgent: request.headers['user-agent'] });
    const answer = answers.get(url.searchParams.get('date') ?? '') ?? [];
    if (typeof answer === 'function') answer(request, response);
    else sendJson(response, page(answer, url.searchParams));
  });
  const url = await listen(server);
  const close = () => new Promise<void>((done) => server.close(() => done()).closeAllConnections());
  return { url, requests, answer: (day, answer) => void answers.set(day, answer), close };
}

/** Starts a server that answers each path as it is told, and any other with 404. Returns its address. */
export async function playPages(pages: Record<string, Extract<Answer, (...args: never) => void>>): Promise<string> {
  const server = createServer((request, response) => {
    const answer = pages[request.url ?? ''];
    if (answer) answer(request, response);
    else response.writeHead(404).end();
  });
  return listen(server);
}

function page(list: unknown[], query: URLSearchParams): unknown[] {
  const limit = Math.min(Number(query.get('limit') ?? 50), 100);
  const start = Number(query.get('p') ?? 0) * limit;
  return list.slice(start, start + limit);
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.setHeader('content-type', 'application/json; charset=utf-8').end(JSON.stringify(value));
}

export function answerWith(status: number, body: string, headers: Record<string, string> = {}) {
  return (_request: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(status, headers).end(body);
  };
}

/** Takes the request and never answers. */
export const silence: Answer = () => {};

async function listen(server: Server): Promise<string> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  server.unref();
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An entry as the Daily Papers API writes it, with what a test wants to be different. */
export function dailyPaper(id: string, paper: Record<string, unknown> = {}, entry: Record<string, unknown> = {}) {
  return {
    paper: {
      id,
      title: `A study of ${id}`,
      summary: 'We study something and find something.',
      publishedAt: '2026-02-02T00:00:00.000Z',
      authors: [{ _id: '1', name: 'Ada Lovelace', hidden: false }],
      upvotes: 3,
      discussionId: 'abc',
      ...paper,
    },
    title: `A study of ${id}`,
    publishedAt: '2026-02-01T19:00:00.000Z',
    numComments: 2,
    isAuthorParticipating: false,
    ...entry,
  };
}
