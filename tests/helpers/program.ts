import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { projectPath } from '../../src/project.js';

export interface Ended {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Starts the program as someone at a keyboard does, with nothing in its environment but what is given. */
export function startProgram(args: string[], env: Record<string, string>): ChildProcess {
  return spawn(process.execPath, [projectPath('bin/offprint.js'), ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Waits for a program's end; returns its exit status and what it printed. */
export async function ending(program: ChildProcess): Promise<Ended> {
  const { stdout, stderr } = program;
  if (!stdout || !stderr) throw new Error('The output must be piped');
  const [printed, complained, [status]] = await Promise.all([text(stdout), text(stderr), once(program, 'exit')]);
  return { status, stdout: printed, stderr: complained };
}

/** Runs the program to its end. */
export const runProgram = (args: string[], env: Record<string, string>) => ending(startProgram(args, env));
