import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { projectPath } from '../src/project.js';

interface Service {
  image: string;
  command?: string[];
  ports?: string[];
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  mem_limit?: string;
  pids_limit?: number;
  environment?: Record<string, string>;
}

const read = (file: string) => readFileSync(projectPath(file), 'utf8');
const { services } = parse(read('docker-compose.yml'), { merge: true }) as { services: Record<string, Service> };
const ours = Object.entries(services).filter(([, { image }]) => image === 'offprint');

describe('finding 19: the compose file', () => {
  it('runs each role', () => {
    expect(ours.map(([name, { command }]) => [name, ...(command ?? [])])).toEqual([
      ['web', 'start', '--only', 'web'],
      ['worker', 'start', '--only', 'worker'],
      ['clock', 'start', '--only', 'clock'],
    ]);
  });

  it.each(ours)('gives %s nothing that it does not need', (_name, service) => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      mem_limit: expect.any(String),
      pids_limit: expect.any(Number),
    });
  });

  it('has no secret of its own: without one it does not start', () => {
    for (const [, { environment = {} }] of ours) {
      expect(environment['SECRET_KEY']).toMatch(/^\$\{SECRET_KEY:\?/);
      expect(environment['DATABASE_URL']).toMatch(/\$\{POSTGRES_PASSWORD:\?/);
    }
    expect(services['postgres']?.environment?.['POSTGRES_PASSWORD']).toMatch(/^\$\{POSTGRES_PASSWORD:\?/);
  });

  it('opens ports to this machine alone, and names a version of each image', () => {
    for (const { ports = [], image } of Object.values(services)) {
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
      if (image !== 'offprint') expect(image).toMatch(/:v?\d/);
    }
  });
});

describe('finding 19: the image', () => {
  it('runs as no root', () => {
    const users = [...read('Dockerfile').matchAll(/^USER (.*)$/gm)].map(([, user]) => user);
    expect(users.at(-1)).toBe('node');
  });

  it('takes no settings and keys along', () => {
    expect(read('.dockerignore').split('\n')).toEqual(expect.arrayContaining(['.env', '.env.*', '*.pem', '*.key']));
  });
});
