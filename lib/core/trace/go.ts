import { type FindTrace, follow, isOwn, type StackException, type StackFrame, type StateTable } from './shape.ts';

/**
 *     panic: words, more of them → blank → goroutine 1 [running]: → (function → tab, file:line)* → blank → goroutine 2 …
 */
const OPENS = /^(panic|fatal error|SIG[A-Z]+): (.+)$/;
const AGAIN = /^\tpanic: (.+)$/;
const GOROUTINE = /^goroutine \d+(?: [^[]*)?\[.*\]:$/;
const FILE = /^\t(\S.*):(\d+)(?: \+0x[0-9a-f]+.*)?$/;
const CALL = /^(?:created by )?\S.*$/;

const MEMBERS: StateTable = [
  ['start', OPENS, 'words?'],
  ['words?', GOROUTINE, 'goroutine?'],
  ['words?', /^/, 'words?'],
  ['goroutine?', CALL, 'call?'],
  ['call?', FILE, 'frame'],
  ['frame', /^\.\.\.\d+ frames elided\.\.\.$/, 'frame'],
  ['frame', /^$/, 'gap?'],
  ['gap?', GOROUTINE, 'goroutine?'],
  ['frame', CALL, 'call?'],
];
const MOST_WORDS = 30;

export const findGo: FindTrace = (lines, at) => {
  const head = OPENS.exec(lines.at(at) as string);
  if (head === null) return undefined;
  const first = lines.slice(at, at + MOST_WORDS).findIndex((line) => GOROUTINE.test(line));
  if (first < 0) return undefined;
  const count = follow(MEMBERS, lines, at);
  if (count <= first) return undefined;
  const block = lines.slice(at, at + count);
  const goroutines = split(block.slice(first));
  const [running, ...others] = goroutines.map(({ name, lines: own }) => ({ name, frames: framesOf(own) }));
  const frames = running?.frames ?? [];
  const members = others.map(({ name, frames: own }): StackException => ({ type: 'goroutine', message: name, frames: own, rel: 'member' }));
  const panics = panicsOf(block.slice(0, first), head[1] as string, frames);
  const exceptions = [...panics, ...members];
  // A signal, and a deadlock, stop in the library: what called it is ours.
  const site = [...panics].toReversed();
  return { lang: 'go', exceptions, blamed: [...site.map(behindPanic), ...members], start: at, end: at + count };
};

/** The last panic is the outermost; what was recovered and thrown again is its cause, and its frames stand behind the last `panic(`. */
function panicsOf(words: readonly string[], type: string, frames: readonly StackFrame[]): readonly StackException[] {
  const again = words.flatMap((line) => AGAIN.exec(line)?.[1] ?? []);
  const first = messageOf(words.filter((line) => !AGAIN.test(line)));
  const isRecovered = /\[recovered(?:, repanicked)?\]$/m.test(first);
  const message = first.replace(/ \[recovered(?:, repanicked)?\]$/m, '');
  if (!isRecovered) return [{ type, message, frames }];
  const last = frames.findLastIndex(({ fn }) => fn === 'panic');
  const outer = (again.at(-1) ?? message).replace(/ \[recovered\]$/, '');
  return [
    { type, message: outer, frames },
    { type, message, frames: frames.slice(last + 1), rel: 'cause' },
  ];
}

function behindPanic(exception: StackException): StackException {
  const last = exception.frames.findLastIndex(({ fn }) => fn === 'panic');
  const behind = exception.frames.slice(last + 1);
  return behind.some((frame) => isOwn('go', frame)) ? { ...exception, frames: behind } : exception;
}

/** Up to the blank line; what Go adds about the signal is none of it. */
function messageOf(words: readonly string[]): string {
  const blank = words.indexOf('');
  const said = (blank < 0 ? words : words.slice(0, blank)).filter((line) => !/^(?:\[signal|PC=)/.test(line));
  return said.map((line, n) => (n === 0 ? line.replace(OPENS, '$2') : line.replace(/^\t/, ''))).join('\n');
}

function split(lines: readonly string[]): readonly { readonly name: string; readonly lines: readonly string[] }[] {
  const parts: { name: string; lines: string[] }[] = [];
  for (const line of lines) {
    if (GOROUTINE.test(line)) parts.push({ name: line, lines: [] });
    else parts.at(-1)?.lines.push(line);
  }
  return parts;
}

function framesOf(lines: readonly string[]): readonly StackFrame[] {
  return lines.flatMap((line, n) => {
    const place = FILE.exec(lines[n + 1] ?? '');
    if (line.startsWith('\t') || place === null) return [];
    const fn = line.replace(/ in goroutine \d+$/, '').replace(/\([^()]*\)$/, '');
    return [{ file: place[1] as string, line: Number(place[2]), fn }];
  });
}
