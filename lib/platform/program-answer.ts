import { spawn } from 'node:child_process';
import type { Ms } from '../core/time/instant.ts';
import { errnoOf, faultOf } from './fault.ts';

/** What a program says when it is asked one short question. */
export type ProgramAnswer = { readonly kind: 'said'; readonly text: string } | { readonly kind: 'failed'; readonly because: string };

const MAX_CHARS = 64 * 1024;
const LAST_WORDS_MS: Ms = 100;

/** Its whole answer, for who reads more than its success. `code` is null where it did not end by itself. */
export interface ProgramSaid {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Why there is no code. */
  readonly because: string;
}

export interface Question {
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** What it reads; undefined: nothing. */
  readonly stdin?: string;
  readonly withinMs: Ms;
}

/**
 * Asks, and never rejects. The program stands in a group of its own, which is killed as a whole when the time is over or
 * it has answered: nothing that it started is left, and nobody who keeps its output open can make us wait.
 */
export async function askProgram(question: Question): Promise<ProgramAnswer> {
  const { code, stdout, stderr, because } = await hearProgram(question);
  if (code === 0) return { kind: 'said', text: stdout.trim() };
  if (code === null) return { kind: 'failed', because };
  const words = (stderr.trim() || stdout.trim()).slice(0, 300);
  const how = `it ended with exit code ${code}`;
  return { kind: 'failed', because: words === '' ? how : `${how}: ${words}` };
}

/** The same, with all that it said. */
export function hearProgram({ argv: [program, ...words], env, cwd, stdin, withinMs }: Question): Promise<ProgramSaid> {
  return new Promise((resolve) => {
    const child = spawn(program, words, { env, detached: true, stdio: ['pipe', 'pipe', 'pipe'], ...(cwd === undefined ? {} : { cwd }) });
    // Who does not read what it is told may be right: its exit code says so.
    child.stdin.once('error', () => undefined);
    child.stdin.end(stdin ?? '');
    const said = { stdout: '', stderr: '' };
    let isOver = false;
    const end = (code: number | null, because: string): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      if (child.pid !== undefined) killGroup(child.pid);
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ code, because, ...said });
    };
    const timer = setTimeout(() => end(null, `it did not answer within ${withinMs / 1000} s`), withinMs);
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        said[name] = (said[name] + text).slice(0, MAX_CHARS);
      });
    }
    child.once('error', (error) => end(null, error.message));
    // Where something that it started keeps the pipes open, `close` does not come; what it said itself is read soon after its end.
    child.once('exit', (code, signal) => setTimeout(() => end(code, `it was ended by ${signal}`), LAST_WORDS_MS));
    child.once('close', (code, signal) => end(code, `it was ended by ${signal}`));
  });
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
