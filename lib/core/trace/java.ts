import type { Lines } from './lines.ts';
import { type FindTrace, isLogLine, type StackException, type StackFrame } from './shape.ts';

/**
 * A frame opens it, and its words are looked for before it.
 *
 *     Name: message, more of it → (at …)* → ... n more → Caused by: … | Suppressed: … (further in) → (at …)*
 */
const FRAME = /^(\s+)at (?:[\w.@-]*\/{1,2})*([\w.$<>/]+\.[\w$<>]+)\(([^()]*)\)(?: ~?\[.*\])?$/;
const PLACE = /^([\w$.-]+\.(?:java|kt|scala|groovy|clj)):(\d+)$/;
const HEADER = /^(?:Exception in thread "[^"]*" )?((?:[a-z_][\w]*\.)+[A-Z][\w$]*|[A-Z][\w$]*(?:Exception|Error))(?:: ?(.*))?$/;
const NESTED = /^(\s*)(Caused by|Suppressed): ([\w.$]+)(?:: ?(.*))?$/;
const OMITTED = /^\s+\.\.\. (\d+) (?:more|common frames omitted)$/;
const LOOK_BACK = 11;
const MOST_LINES = 800;

export const findJava: FindTrace = (lines, at, floor) => {
  if (!isFrame(lines.at(at) as string)) return undefined;
  for (let header = at - 1; header >= Math.max(floor, at - LOOK_BACK); header -= 1) {
    const line = lines.at(header) as string;
    const head = HEADER.exec(line);
    if (head !== null) {
      const message = [head[2] ?? '', ...lines.slice(header + 1, at)].join('\n');
      return readFrom(lines, header, at, { type: head[1] as string, message });
    }
    if (line.trim() === '' || isLogLine(line)) return undefined;
  }
  return undefined;
};

interface Open {
  readonly exception: Omit<StackException, 'frames'>;
  readonly frames: StackFrame[];
  readonly depth: number;
}

function readFrom(lines: Lines, start: number, at: number, main: Pick<StackException, 'type' | 'message'>): ReturnType<FindTrace> {
  const open: Open[] = [{ exception: main, frames: [], depth: 0 }];
  let end = at;
  while (end < lines.length && end - start < MOST_LINES) {
    const taken = take(lines, end, open);
    if (taken === 0) break;
    end += taken;
  }
  const exceptions = open.map(({ exception, frames }): StackException => ({ ...exception, frames }));
  const chain = open.flatMap(({ depth }, n) => (depth === 0 ? [exceptions[n] as StackException] : []));
  return { lang: 'java', exceptions, blamed: chain.toReversed(), start, end };
}

/** How many lines belong to it, from this one on; 0: it is over. */
function take(lines: Lines, at: number, open: Open[]): number {
  const line = lines.at(at) as string;
  const frame = frameOf(line);
  if (frame !== undefined) {
    open.at(-1)?.frames.push(frame);
    return 1;
  }
  const omitted = OMITTED.exec(line);
  if (omitted !== null) {
    const last = open.at(-1) as Open;
    const enclosing = open.slice(0, -1).findLast(({ depth }) => depth <= last.depth);
    last.frames.push(...(enclosing?.frames.slice(-Number(omitted[1])) ?? []));
    return 1;
  }
  const nested = NESTED.exec(line);
  if (nested === null) return 0;
  const words = wordsBehind(lines, at + 1);
  // Words that no frame follows are another story.
  if (!isFrame(lines.at(at + 1 + words.length) ?? '')) return 0;
  const rel = nested[2] === 'Suppressed' ? 'suppressed' : 'cause';
  const exception = { type: nested[3] as string, message: [nested[4] ?? '', ...words].join('\n'), rel } as const;
  open.push({ exception, frames: [], depth: (nested[1] as string).length });
  return 1 + words.length;
}

function wordsBehind(lines: Lines, at: number): readonly string[] {
  const words: string[] = [];
  for (const line of lines.slice(at, at + LOOK_BACK)) {
    if (isFrame(line) || line.trim() === '' || isLogLine(line)) break;
    words.push(line);
  }
  return words;
}

function isFrame(line: string): boolean {
  return frameOf(line) !== undefined;
}

function frameOf(line: string): StackFrame | undefined {
  const found = FRAME.exec(line);
  if (found === null) return undefined;
  const where = found[3] as string;
  const place = PLACE.exec(where);
  const isOther = where === 'Native Method' || where === 'Unknown Source' || /^<[\w ]+>$/.test(where);
  if (place === null && !isOther) return undefined;
  return { file: place?.[1] ?? '', line: Number(place?.[2] ?? 0), fn: (found[2] as string).replace(/^.*\//, '') };
}
