import type { Ms } from '../core/time/instant.ts';
import type { Verdict } from './message.ts';

/** Programs of this machine that pass a notice on. What is told goes in as an argument or on stdin, and never into a script. */
export interface Programs {
  /** Where a program of this name is: on the PATH, else in these folders. */
  find(name: string, folders?: readonly string[]): string | undefined;
  /** To its end, but no longer than this. Never rejects. */
  hear(question: ProgramCall & { readonly withinMs: Ms }): Promise<ProgramEnd>;
  /** Starts what nobody waits for; undefined: it was alive a moment later, or had ended well by then. */
  leave(call: ProgramCall): Promise<ProgramEnd | undefined>;
}

export interface ProgramCall {
  readonly argv: readonly [string, ...string[]];
  readonly stdin?: string;
}

/** `code` is null where it did not end by itself, and `because` says why. */
export interface ProgramEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly because: string;
}

/** What sysexits.h says of the message itself, and not of us or of the moment. */
const REFUSALS: readonly number[] = [65, 67, 68];

export function judgeProgram({ code, stdout, stderr, because }: ProgramEnd): Verdict {
  if (code === 0) return { kind: 'delivered' };
  if (code === null) return { kind: 'failed', because };
  const words = (stderr.trim() || stdout.trim()).replaceAll(/\s+/g, ' ');
  return { kind: REFUSALS.includes(code) ? 'dead' : 'failed', because: `exit ${code}${words === '' ? '' : `: ${words}`}` };
}
