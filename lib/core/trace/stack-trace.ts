import { withoutColours } from '../text/excerpt.ts';
import { findGo } from './go.ts';
import { findJava } from './java.ts';
import { type Lines, linesOf, type TextLines } from './lines.ts';
import { findNode } from './node.ts';
import { findPython } from './python.ts';
import { findRust } from './rust.ts';
import { type FoundTrace, isOwn, type StackFrame, type StackTrace } from './shape.ts';

/**
 * Reads stack traces out of what a child has said: Python, Node, Go, Rust, Java; plain, behind the prefix of a logger, in
 * the strings of JSON lines, with colours, cut off. A line that only looks like a part of a trace opens none: each
 * language has a table of states that a trace must go through.
 */
export type { StackFrame, StackTrace } from './shape.ts';

const FINDERS = [findPython, findNode, findGo, findRust, findJava] as const;

/** What any of the languages knows its traces by must be found here too. */
const MAY_OPEN = /^(?:\s+at |panic: |fatal error: |FATAL ERROR: |SIG[A-Z]+: |thread '|\/|file:\/\/|node:|[A-Za-z]:\\)/;
const OPENS_PYTHON = 'Traceback (most recent call last):';
/** By its code, what a character at the beginning of a line means; of the others nobody knows. */
const [NOTHING, ANYTHING, LETTER, BRACE, COLON] = [0, 1, 2, 3, 0x3a];
const KINDS = Uint8Array.from({ length: 128 }, (_, code) => kindOf(String.fromCharCode(code)));

function kindOf(first: string): number {
  if (first === '{') return BRACE;
  // A newline there ends a line of nothing.
  if (/[\s/pfFStn]/.test(first)) return first === '\n' ? NOTHING : ANYTHING;
  return /[A-Za-z]/.test(first) ? LETTER : NOTHING;
}

/** In the order in which they stand there. */
export function readTraces(text: string): readonly StackTrace[] {
  const plain = plainOf(text);
  const lines = linesOf(plain);
  const nextTelling = createGlance(plain, lines);
  const found: StackTrace[] = [];
  let floor = 0;
  for (let at = nextTelling(0); at < lines.length; at = nextTelling(at + 1)) {
    const line = lines.at(at) as string;
    const inside = textsOfJson(line);
    for (const one of inside) found.push(...readTraces(one).map((trace) => ({ ...trace, firstLine: at, lastLine: at })));
    const trace = inside.length === 0 && mayOpen(line) ? findAt(lines, at, floor) : undefined;
    if (trace === undefined) continue;
    found.push(whole(trace));
    floor = trace.end;
    at = Math.max(at, trace.end - 1);
  }
  return found;
}

/** Whether a trace may begin to be found at this line. */
export function mayOpen(line: string): boolean {
  return line.endsWith(OPENS_PYTHON) || MAY_OPEN.test(line);
}

/** Without colours, and with one kind of line end. */
function plainOf(text: string): string {
  const plain = withoutColours(text);
  return plain.includes('\r') ? plain.replace(/\r\n?/g, '\n') : plain;
}

/**
 * The next line from one on in which something may be found, or how many lines there are. Nearly every line of a log is
 * passed by for this one glance at how it begins, so none is cut out of the text for it.
 */
function createGlance(text: string, { starts, length }: TextLines): (from: number) => number {
  const python = createSearch(text, OPENS_PYTHON);
  const escaped = createSearch(text, '\\n');
  return (from) => {
    const nextPython = python(starts[from] as number);
    for (let n = from; n < length; n += 1) {
      const start = starts[n] as number;
      const end = starts[n + 1] as number;
      if (nextPython < end) return n;
      const kind = KINDS[text.charCodeAt(start)];
      if (kind === NOTHING) continue;
      if (kind === LETTER ? text.charCodeAt(start + 1) === COLON : kind !== BRACE || escaped(start) < end) return n;
    }
    return length;
  };
}

/** Where words stand next, asked for places that never go back; behind everything where they do not. */
function createSearch(text: string, words: string): (from: number) => number {
  let next = -1;
  return (from) => {
    if (next < from) {
      const found = text.indexOf(words, from);
      next = found < 0 ? Number.POSITIVE_INFINITY : found;
    }
    return next;
  };
}

function findAt(lines: Lines, at: number, floor: number): FoundTrace | undefined {
  for (const find of FINDERS) {
    const trace = find(lines, at, floor);
    if (trace !== undefined) return trace;
  }
  return undefined;
}

/** A logger that writes JSON keeps the lines of a trace in one string. */
function textsOfJson(line: string): readonly string[] {
  if (!line.startsWith('{') || !line.endsWith('}') || !line.includes('\\n')) return [];
  try {
    return stringsOf(JSON.parse(line)).filter((text) => text.includes('\n'));
  } catch (error) {
    // Cut off, or no JSON: then it is a line like every other.
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

function stringsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsOf) : [];
}

function whole({ lang, exceptions, blamed, start, end }: FoundTrace): StackTrace {
  return { lang, exceptions, culprit: culpritOf(lang, blamed), firstLine: start, lastLine: end - 1 };
}

/** The frame where it went wrong, of the deepest cause that has one of our own. */
function culpritOf(lang: StackTrace['lang'], blamed: FoundTrace['blamed']): StackFrame | undefined {
  for (const { frames, message } of blamed) {
    const own = frames.filter((frame) => isOwn(lang, frame));
    const frame = lang === 'python' ? own.at(-1) : own[0];
    if (frame !== undefined) return frame;
    // A compiler says it in words.
    const told = /(?:^|\s)(\/[^\s:]+|[\w.-]+(?:\/[\w.-]+)+):(\d+):\d+: /.exec(message);
    if (told !== null) return { file: told[1] as string, line: Number(told[2]), fn: null };
  }
  return undefined;
}

/** The frames of the user's own code, of this exception. */
export function ownFrames({ lang }: Pick<StackTrace, 'lang'>, frames: readonly StackFrame[]): readonly StackFrame[] {
  return frames.filter((frame) => isOwn(lang, frame));
}
