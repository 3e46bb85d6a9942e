import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config.js';
import { checkConfiguration, judgeClock } from '../../src/doctor/doctor.js';

describe('the configuration', () => {
  const judge = (env: Record<string, string>) => checkConfiguration(parseConfig(env));
  const sends = { SMTP_URL: 'smtp://relay.example', MAIL_FROM: 'digest@example.org' };

  it.each([
    ['as it is without any variable', {}, 'ok'],
    ['of a real installation', { ...sends, BASE_URL: 'https://papers.example.org' }, 'ok'],
    ['with pages without TLS', { ...sends, BASE_URL: 'http://papers.example.org' }, 'warning'],
    ['with links that lead to the reader’s own machine', sends, 'failed'],
    ['with a sender that nobody can answer', { ...sends, MAIL_FROM: 'digest@localhost' }, 'failed'],
  ])('%s', (_, env, status) => {
    const finding = judge(env);
    expect(finding.status).toBe(status);
    expect(finding.remedy === undefined).toBe(status === 'ok');
  });
});

describe('the clock', () => {
  it.each([
    [0, 'ok'],
    [30, 'ok'],
    [31, 'failed'],
    [3_600, 'failed'],
  ])('%i seconds from the database’s is %s', (seconds, status) => {
    expect(judgeClock(seconds).status).toBe(status);
  });
});
