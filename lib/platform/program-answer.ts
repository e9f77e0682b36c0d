import { spawn } from 'node:child_process';
import type { Ms } from '../core/instant.ts';
import { errnoOf, faultOf } from './fault.ts';

/** What a program says when it is asked one short question. */
export type ProgramAnswer = { readonly kind: 'said'; readonly text: string } | { readonly kind: 'failed'; readonly because: string };

const MAX_CHARS = 64 * 1024;
const LAST_WORDS_MS: Ms = 100;

export interface Question {
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly withinMs: Ms;
}

/**
 * Asks, and never rejects. The program stands in a group of its own, which is killed as a whole when the time is over or
 * it has answered: nothing that it started is left, and nobody who keeps its output open can make us wait.
 */
export function askProgram({ argv: [program, ...words], env, withinMs }: Question): Promise<ProgramAnswer> {
  return new Promise((resolve) => {
    const child = spawn(program, words, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = { stdout: '', stderr: '' };
    let isOver = false;
    const end = (answer: ProgramAnswer): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      if (child.pid !== undefined) killGroup(child.pid);
      child.stdout.destroy();
      child.stderr.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => end({ kind: 'failed', because: `it did not answer within ${withinMs / 1000} s` }), withinMs);
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        said[name] = (said[name] + text).slice(0, MAX_CHARS);
      });
    }
    child.once('error', (error) => end({ kind: 'failed', because: error.message }));
    // Where something that it started keeps the pipes open, `close` does not come; what it said itself is read soon after its end.
    child.once('exit', (code, signal) => setTimeout(() => end(judge(code, signal, said)), LAST_WORDS_MS));
    child.once('close', (code, signal) => end(judge(code, signal, said)));
  });
}

function judge(code: number | null, signal: string | null, said: { readonly stdout: string; readonly stderr: string }): ProgramAnswer {
  if (code === 0) return { kind: 'said', text: said.stdout.trim() };
  const words = (said.stderr.trim() || said.stdout.trim()).slice(0, 300);
  const how = code === null ? `it was ended by ${signal}` : `it ended with exit code ${code}`;
  return { kind: 'failed', because: words === '' ? how : `${how}: ${words}` };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (thrown) {
    const errno = errnoOf(thrown);
    // ESRCH: nobody is left. EPERM is how macOS says it of a group whose members are all zombies.
    if (errno !== 'ESRCH' && errno !== 'EPERM') throw faultOf(thrown, 'end', `group ${pid}`);
  }
}
