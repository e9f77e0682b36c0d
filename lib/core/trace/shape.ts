import type { Lines } from './lines.ts';

/** What a stack trace says, whatever language it was written in. */
export interface StackTrace {
  readonly lang: 'python' | 'node' | 'go' | 'rust' | 'java';
  /** The outermost first; what caused it, and what else was in it, after it. */
  readonly exceptions: readonly StackException[];
  /** Where it went wrong, in code that is no library. */
  readonly culprit: StackFrame | undefined;
  /** Lines of the text, from 0. */
  readonly firstLine: number;
  readonly lastLine: number;
}

export interface StackException {
  readonly type: string;
  readonly message: string;
  readonly frames: readonly StackFrame[];
  /** How it belongs to the first one. */
  readonly rel?: 'cause' | 'context' | 'member' | 'suppressed';
}

export interface StackFrame {
  readonly file: string;
  readonly line: number;
  readonly column?: number;
  readonly fn: string | null;
}

/** What one language found. `blamed`: the deepest cause first, in the order in which a culprit is looked for. */
export interface FoundTrace {
  readonly lang: StackTrace['lang'];
  readonly exceptions: readonly StackException[];
  readonly blamed: readonly StackException[];
  readonly start: number;
  /** The first line behind it. */
  readonly end: number;
}

/** Looks whether a trace opens at this line. Lines before `floor` belong to the trace before. */
export type FindTrace = (lines: Lines, at: number, floor: number) => FoundTrace | undefined;

/** `[from, line, to]`: a line that fits leads from one state to the next. A state with a `?` at its end is none to stop in. */
export type StateTable = readonly (readonly [from: string, line: RegExp, to: string])[];

const MOST_LINES = 800;

/** How many lines from `at` on the table takes, ending in a state where a trace may end. */
export function follow(table: StateTable, lines: Lines, at: number, state = 'start'): number {
  let [now, firm] = [state, at];
  for (let n = at; n < lines.length && n - at < MOST_LINES; n += 1) {
    const step = table.find(([from, line]) => from === now && line.test(lines.at(n) as string));
    if (step === undefined) break;
    now = step[2];
    if (!now.endsWith('?')) firm = n + 1;
  }
  return firm - at;
}

/** Begins like a line of a logger: a time, or a level. */
export function isLogLine(line: string): boolean {
  return /^(?:\[?\d{4}[-/]\d{2}[-/]\d{2}[T ]|\[?\d{2}:\d{2}:\d{2}|\[?(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL)\b)/.test(line);
}

const LIBRARY =
  /(?:^|\/)(?:site-packages|dist-packages|\.venv|node_modules)\/|^\/usr\/lib\/|\/lib\/python\d|^node:|^<|^\/rustc\/|\/\.cargo\/registry\/|\/rustlib\/|\/go\/pkg\/mod\/|\/(?:csu|sysdeps)\/|^\/usr\/local\/go\/|\/go-?[\d.]*\/src\/(?:runtime|sync|net|os|time|internal|reflect)\//;
const JAVA_LIBRARY = /^(?:java|javax|jdk|sun|com\.sun|kotlin|scala)\./;

/** Code that somebody here has written, as far as its place says. */
export function isOwn(lang: StackTrace['lang'], { file, fn }: StackFrame): boolean {
  if (lang === 'java') return file !== '' && !JAVA_LIBRARY.test(fn ?? '');
  return !LIBRARY.test(file);
}
