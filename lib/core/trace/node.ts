import { type Lines, linesFrom } from './lines.ts';
import { type FindTrace, type FoundTrace, follow, type StackException, type StackFrame, type StateTable } from './shape.ts';

/**
 * Node opens a trace with the place, the source and a caret, or a logger prints an error alone: then a frame opens it, and
 * its words are looked for before it.
 *
 *     file:line → source → ^ → blank → Name: message, more of it → (at …)* → { props, [cause]: …, [errors]: [ … ] }
 */
const PLACE = /^((?:file:\/\/|node:|\/|[A-Za-z]:\\).*?):(\d+)$/;
const FRAME = /^\s+at (?:(?:async )?(.*?) \()?((?:file:\/\/|node:|\/|\.{1,2}\/|[A-Za-z]:\\|[\w@.-]+\/)[^()]*?):(\d+):(\d+)\)?(?: \{)?$/;
const ANY_FRAME = /^\s+at (?:async )?(?:\S.* \((?:<anonymous>|index \d+|native|eval at .*)\)|\[?[\w.<>]+\]?(?: \[as \w+\])?)(?: \{)?$/;
const HEADER = /(?:^|[\s:[(>])((?:[A-Za-z_$][\w$]*\.)*[A-Z][\w$]*(?:Error|Exception|Rejection))(?: \[[\w_]+\])?(?:: (.*))?$/;
const NAMED = /^\s*(?:Uncaught )?\[?((?:[A-Za-z_$][\w$]*\.)*[A-Z][\w$]*)(?: \[[\w_]+\])?: (.*)$/;
const OUT_OF_MEMORY = /^(FATAL ERROR): (.*(?:Allocation failed|heap).*)$/;
const LOOK_BACK = 11;
const MOST_SOURCE_LINES = 4;

const CARET = /^\s*[~^]+\s*$/;
const OPENING: StateTable = [
  ['start', PLACE, 'place?'],
  ['place?', CARET, 'caret'],
  ['place?', /\S/, 'place?'],
  ['caret', /^\s*$/, 'caret'],
];

export const findNode: FindTrace = (lines, at, floor) => {
  const line = lines.at(at) as string;
  const fatal = OUT_OF_MEMORY.exec(line);
  if (fatal !== null) {
    const exception = { type: fatal[1] as string, message: fatal[2] as string, frames: [] };
    return { lang: 'node', exceptions: [exception], blamed: [exception], start: at, end: at + 1 };
  }
  const place = PLACE.exec(line);
  if (place !== null) return opened(lines, at, { file: fileOf(place[1] as string), line: Number(place[2]), fn: null });
  return FRAME.test(line) ? lookedBack(lines, at, floor) : undefined;
};

/** The caret says for certain that something was thrown, whatever it was. */
function opened(lines: Lines, at: number, place: StackFrame): FoundTrace | undefined {
  if (!lines.slice(at, at + MOST_SOURCE_LINES + 1).some((line) => CARET.test(line))) return undefined;
  const count = follow(OPENING, lines, at);
  const header = at + count;
  if (count === 0 || header >= lines.length) return undefined;
  const { exceptions, end } = readError(lines, header);
  const [main, ...rest] = exceptions as [StackException, ...StackException[]];
  const isInternal = place.file.startsWith('node:');
  const isKnown = main.frames.some(({ file, line }) => file === place.file && line === place.line);
  const whole = isInternal || isKnown ? main : { ...main, frames: [place, ...main.frames] };
  return found([whole, ...rest], at, end);
}

function lookedBack(lines: Lines, at: number, floor: number): FoundTrace | undefined {
  for (let header = at - 1; header >= Math.max(floor, at - LOOK_BACK); header -= 1) {
    const line = lines.at(header) as string;
    if (HEADER.test(line) || (header === at - 1 && NAMED.test(line))) {
      const { exceptions, end } = readError(lines, header);
      return found(exceptions, header, end);
    }
    if (line.trim() === '') return undefined;
  }
  return undefined;
}

function found(exceptions: readonly StackException[], start: number, end: number): FoundTrace {
  const [main] = exceptions;
  const causes = exceptions.filter(({ rel }) => rel === 'cause').toReversed();
  const member = exceptions.find(({ rel }) => rel === 'member');
  const blamed = [...causes, ...(member === undefined ? [] : [member]), ...(main === undefined ? [] : [main])];
  return { lang: 'node', exceptions, blamed, start, end };
}

/** An error from its header on, with what its props tell of causes and members. */
function readError(lines: Lines, header: number): { readonly exceptions: readonly StackException[]; readonly end: number } {
  const words: string[] = [];
  let at = header;
  for (; at < lines.length && at - header <= LOOK_BACK; at += 1) {
    const line = lines.at(at) as string;
    if (line.trim() === '' || isFrame(line) || line.startsWith('(Use `node')) break;
    words.push(line);
    if (opensProps(line)) {
      at += 1;
      break;
    }
  }
  const frames: StackFrame[] = [];
  for (; at < lines.length && isFrame(lines.at(at) as string); at += 1) frames.push(...framesIn(lines.at(at) as string));
  const main = { ...named(words), frames };
  if (!opensProps((at > 0 ? lines.at(at - 1) : undefined) ?? '')) return { exceptions: [main], end: at };
  const inner = readProps(lines, at);
  return { exceptions: [main, ...inner.exceptions], end: inner.end };
}

const isFrame = (line: string): boolean => FRAME.test(line) || ANY_FRAME.test(line);
const opensProps = (line: string): boolean => /(?:\)|\]|:\d+) \{$/.test(line);

/** Up to the brace that closes them, at the indentation of the error itself. */
function readProps(lines: Lines, from: number): { readonly exceptions: readonly StackException[]; readonly end: number } {
  const exceptions: StackException[] = [];
  let at = from;
  for (; at < lines.length && !/^\s{0,2}\}/.test(lines.at(at) as string); at += 1) {
    const line = lines.at(at) as string;
    const cause = /^\s+\[cause\]: (.*)$/.exec(line)?.[1];
    if (cause === undefined && !/^\s{4,}[\w.]*(?:Error|Exception)(?: \[\w+\])?: /.test(line)) continue;
    const inner = readError(linesFrom(lines, at, cause ?? line), 0);
    exceptions.push(...inner.exceptions.map((one) => ({ ...one, rel: cause === undefined ? ('member' as const) : ('cause' as const) })));
    at += inner.end - 1;
  }
  return { exceptions, end: Math.min(lines.length, at + 1) };
}

function named(words: readonly string[]): Pick<StackException, 'type' | 'message'> {
  const [first = '', ...more] = words;
  const head = HEADER.exec(first.replace(/\](?: \{)?$/, '')) ?? NAMED.exec(first);
  if (head === null) return { type: 'Error', message: words.join('\n') };
  return { type: head[1] as string, message: [(head[2] ?? '').replace(/ \{$/, ''), ...more].join('\n') };
}

function frameOf(line: string): StackFrame | undefined {
  const parts = FRAME.exec(line);
  if (parts === null) return undefined;
  const fn = parts[1]?.replace(/ \[as .*\]$/, '').replace(/^async /, '') ?? null;
  return { file: fileOf(parts[2] as string), line: Number(parts[3]), column: Number(parts[4]), fn };
}

function fileOf(file: string): string {
  return file.replace(/^file:\/\//, '');
}

/** One, or none where the line tells no place. */
function framesIn(line: string): readonly StackFrame[] {
  const frame = frameOf(line);
  return frame === undefined ? [] : [frame];
}
