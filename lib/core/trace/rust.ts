import type { Lines } from './lines.ts';
import { type FindTrace, follow, isLogLine, type StackException, type StackFrame, type StateTable } from './shape.ts';

/**
 *     thread 'x' panicked at file:line:column: → words → stack backtrace: → (n: function → at file:line:column)* → note: …
 *     thread 'x' panicked at 'words', file:line:column                        as it was before 1.73
 */
const OPENS = /^thread '.*' (?:\(\d+\) )?panicked at (.+)$/;
const PLACE = /^(.+?):(\d+):(\d+):?$/;
const OLD = /^'(.*)', (.+?):(\d+):(\d+)$/;
const NUMBERED = /^\s*\d+:\s+(?:0x[0-9a-f]+ - )?(\S.*)$/;
const AT = /^\s+at (.+?):(\d+)(?::(\d+))?$/;
const MOST_MESSAGE_LINES = 20;

const BACKTRACE: StateTable = [
  ['start', /^stack backtrace:$/, 'trace?'],
  ['trace?', NUMBERED, 'frame'],
  ['frame', AT, 'frame'],
  ['frame', NUMBERED, 'frame'],
  ['frame', /^note: /, 'note'],
];

export const findRust: FindTrace = (lines, at) => {
  const head = OPENS.exec(lines.at(at) as string)?.[1];
  if (head === undefined) return undefined;
  const old = OLD.exec(head);
  const place = old === null ? PLACE.exec(head) : [old[0], old[2], old[3], old[4]];
  if (place === null) return undefined;
  const words = old === null ? wordsBehind(lines, at + 1) : [];
  const from = at + 1 + words.length;
  const count = follow(BACKTRACE, lines, from);
  const frames = framesOf(lines.slice(from, from + count));
  const thrown: StackFrame = { file: place[1] as string, line: Number(place[2]), column: Number(place[3]), fn: null };
  const exception: StackException = {
    type: 'panic',
    message: old === null ? words.join('\n') : (old[1] as string),
    frames: frames.length === 0 ? [thrown] : frames,
  };
  return { lang: 'rust', exceptions: [exception], blamed: [exception], start: at, end: from + count };
};

function wordsBehind(lines: Lines, at: number): readonly string[] {
  const words: string[] = [];
  for (const line of lines.slice(at, at + MOST_MESSAGE_LINES)) {
    if (line === '' || /^(?:stack backtrace:|note: )/.test(line) || OPENS.test(line) || isLogLine(line)) break;
    words.push(line);
  }
  return words;
}

/** The names without what the compiler made unique in them. */
function framesOf(lines: readonly string[]): readonly StackFrame[] {
  return lines.flatMap((line, n) => {
    const named = NUMBERED.exec(line);
    if (named === null || AT.test(line)) return [];
    const place = AT.exec(lines[n + 1] ?? '');
    const fn = (named[1] as string).replace(/::h[0-9a-f]{16}$/, '').replaceAll(/\[[0-9a-f]{16}\]/g, '');
    if (place === null) return [];
    return [{ file: place[1] as string, line: Number(place[2]), ...(place[3] === undefined ? {} : { column: Number(place[3]) }), fn }];
  });
}
