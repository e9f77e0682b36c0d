import { spawn } from 'node:child_process';
import type { Ms } from '../core/time/instant.ts';
import type { ProgramSaid, Question } from './program-answer.ts';

const EARLY_MS: Ms = 750;
const MAX_CHARS = 4_096;

/**
 * Starts a program that goes on without us, and looks whether it failed at once. undefined: it is alive, or has ended
 * well. Nobody waits for it, and it keeps no output of ours open.
 */
export function leaveProgram({ argv: [program, ...words], env }: Omit<Question, 'withinMs' | 'stdin'>): Promise<ProgramSaid | undefined> {
  return new Promise((resolve) => {
    const child = spawn(program, words, { env, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    let isTold = false;
    const tell = (said: ProgramSaid | undefined): void => {
      if (isTold) return;
      isTold = true;
      clearTimeout(timer);
      child.stderr.destroy();
      child.unref();
      resolve(said);
    };
    const timer = setTimeout(() => tell(undefined), EARLY_MS);
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(0, MAX_CHARS);
    });
    child.once('error', (error) => tell({ code: null, stdout: '', stderr, because: error.message }));
    child.once('close', (code, signal) => tell(code === 0 ? undefined : { code, stdout: '', stderr, because: `it was ended by ${signal}` }));
  });
}

/** How this program was called: the same words call it again. */
export function ownCall(): readonly string[] {
  return [process.execPath, process.argv[1] ?? ''];
}
