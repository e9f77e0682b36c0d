import { type Lines, linesFrom } from './lines.ts';
import { type FindTrace, type FoundTrace, follow, isLogLine, type StackException, type StackFrame, type StateTable } from './shape.ts';

/**
 * Python prints what came first first, so a chain is turned round; an exception group draws its members with bars.
 *
 *     Traceback → (File, source)* → Name: message, more of it → blank → "The above exception …" → blank → Traceback
 */
const OPENS = /^(.{0,120}?)((?:Exception Group )?Traceback \(most recent call last\):)$/;
const GROUP = /^ {2}\+ Exception Group Traceback \(most recent call last\):$/;
const FRAME = /^\s+File "(.+)", line (\d+)(?:, in (.+))?$/;
const NAME = /^([A-Za-z_][\w.]*)(?:: ?(.*))?$/;
const MOST_MESSAGE_LINES = 10;
const MOST_GROUP_LINES = 1_000;
const BETWEEN = /^(?:During handling of the above exception|The above exception was the direct cause)/;

const MEMBERS: StateTable = [
  ['start', /^(?:Exception Group )?Traceback \(most recent call last\):$/, 'frames'],
  ['frames', /^\s+File "/, 'frames'],
  ['frames', /^\s{2,}\S/, 'frames'],
  ['frames', NAME, 'named'],
  ['named', /^(?:"""|\s*)$/, 'gap?'],
  ['gap?', /^(?:"""|\s*)$/, 'gap?'],
  ['gap?', BETWEEN, 'link?'],
  ['link?', /^\s*$/, 'link?'],
  ['link?', /^(?:Exception Group )?Traceback \(most recent call last\):$/, 'frames'],
];

export const findPython: FindTrace = (lines, at) => {
  const line = lines.at(at) as string;
  if (GROUP.test(line)) return groupAt(lines, at);
  const prefix = OPENS.exec(line)?.[1];
  if (prefix === undefined) return undefined;
  const plain = unprefixed(lines, at, prefix);
  const chain = readChain(plain);
  if (chain.exceptions.length === 0) return undefined;
  const [outer, ...causes] = chain.exceptions.toReversed();
  const exceptions = [outer as StackException, ...causes];
  return { lang: 'python', exceptions, blamed: exceptions.toReversed(), start: at, end: at + chain.length };
};

/** The lines without what a logger put before each of them; its digits may differ from line to line. */
function unprefixed(lines: Lines, at: number, prefix: string): Lines {
  const first = (lines.at(at) as string).slice(prefix.length);
  if (prefix === '') return linesFrom(lines, at, first);
  const pattern = prefix.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(/\d+/g, '\\d+');
  const before = new RegExp(`^${pattern}`);
  // Only the first line has it where the rest of the message follows as it is.
  if (!before.test(lines.at(at + 1) ?? '')) return linesFrom(lines, at, first);
  const plain: string[] = [];
  for (let n = at; n < lines.length; n += 1) {
    const line = lines.at(n) as string;
    const found = before.exec(line);
    if (found === null) break;
    plain.push(line.slice(found[0].length));
  }
  return plain;
}

/** As printed: the first cause first, each with how the one after it came of it. */
function readChain(lines: Lines): { readonly exceptions: readonly StackException[]; readonly length: number } {
  const exceptions: StackException[] = [];
  let length = 0;
  let at = 0;
  for (;;) {
    const one = readOne(lines, at);
    if (one === undefined) break;
    length = one.end;
    const link = linkBehind(lines, one.end);
    exceptions.push(link === undefined ? one.exception : { ...one.exception, rel: link.rel });
    if (link === undefined) break;
    at = link.at;
  }
  return { exceptions, length };
}

function readOne(lines: Lines, at: number): { readonly exception: StackException; readonly end: number } | undefined {
  const count = follow(MEMBERS.slice(0, 4), lines, at);
  if (count < 2) return undefined;
  const block = lines.slice(at + 1, at + count);
  const frames = block.flatMap((line) => frameOf(line) ?? []);
  if (frames.length === 0) return undefined;
  const named = NAME.exec(block.at(-1) as string);
  if (named === null) return { exception: { type: 'unknown', message: '', frames }, end: at + count };
  const more = messageLines(lines, at + count);
  return { exception: { type: named[1] as string, message: [named[2] ?? '', ...more].join('\n'), frames }, end: at + count + more.length };
}

function frameOf(line: string): StackFrame | undefined {
  const found = FRAME.exec(line);
  return found === null ? undefined : { file: found[1] as string, line: Number(found[2]), fn: found[3] ?? null };
}

/** A message may have lines of its own, and nothing says where it ends. */
function messageLines(lines: Lines, at: number): readonly string[] {
  const more: string[] = [];
  for (const line of lines.slice(at, at + MOST_MESSAGE_LINES)) {
    if (line.trim() === '' || line === '"""' || OPENS.test(line) || isLogLine(line)) break;
    more.push(line);
  }
  return more;
}

function linkBehind(lines: Lines, end: number): { readonly rel: 'cause' | 'context'; readonly at: number } | undefined {
  const count = follow(MEMBERS.slice(4), lines, end, 'named');
  if (count === 0) return undefined;
  const words = lines.slice(end, end + count).find((line) => BETWEEN.test(line)) ?? '';
  return { rel: words.startsWith('During') ? 'context' : 'cause', at: end + count - 1 };
}

interface Group {
  readonly exceptions: readonly StackException[];
  readonly blamed: readonly StackException[];
}

function groupAt(lines: Lines, at: number): FoundTrace | undefined {
  let end = at + 1;
  // Another one that opens ends this one.
  while (end < lines.length && end - at < MOST_GROUP_LINES && /^ {2,}[|+]/.test(lines.at(end) as string) && !GROUP.test(lines.at(end) as string)) end += 1;
  const group = readGroup(lines.slice(at, end));
  return group === undefined ? undefined : { lang: 'python', ...group, start: at, end };
}

/** Its own words stand behind the first bar, those of its members one step further in. */
function readGroup(lines: readonly string[]): Group | undefined {
  const own: string[] = [];
  const members: string[][] = [];
  for (const line of lines) {
    const level = /^ {2}([|+]) ?(.*)$/.exec(line);
    if (/^ {2,}\+-+$/.test(line)) continue;
    if (/^ {2,}\+[-+]*-+ \d+ -+$/.test(line)) members.push([]);
    else if (level === null) members.at(-1)?.push(line.slice(2));
    else own.push(level[2] as string);
  }
  const chain = readChain(own);
  const main = chain.exceptions.at(-1);
  if (main === undefined) return undefined;
  const inner = members.flatMap((member) => memberOf(member) ?? []);
  const earlier = chain.exceptions.slice(0, -1);
  return { exceptions: [main, ...earlier, ...inner.flatMap(({ exceptions }) => exceptions)], blamed: [...(inner[0]?.blamed ?? []), main] };
}

/** One member: a chain, or a group in its turn. */
function memberOf(lines: readonly string[]): Group | undefined {
  const group = readGroup(lines);
  if (group === undefined) return undefined;
  const [main, ...rest] = group.exceptions as [StackException, ...StackException[]];
  const earlier = rest.filter(({ rel }) => rel === 'cause' || rel === 'context');
  const inner = rest.filter(({ rel }) => rel !== 'cause' && rel !== 'context');
  return { exceptions: [...earlier, { ...main, rel: 'member' }, ...inner], blamed: [...earlier, main] };
}
