/**
 * Puts a value into a JSON text without touching a byte of the rest: layout, order of keys and numbers stay as somebody
 * wrote them. The text must be JSON; whoever parses it first knows.
 */
export type JsonPath = readonly (string | number)[];

/** The text with `value` as the last element of the array at `path`. Missing maps, and the array itself, are made. */
export function insertInto(text: string, path: JsonPath, value: unknown): string {
  const known = deepest(text, path);
  const rest = path.slice(known.depth);
  const [key, ...inner] = rest;
  const made = inner.reduceRight<unknown>((held, name) => ({ [String(name)]: held }), key === undefined ? value : [value]);
  return insertLast(text, known.container, key === undefined ? undefined : String(key), made);
}

/** The text without this key, or this element, of the container at `path`. */
export function removeFrom(text: string, path: JsonPath, part: string | number): string {
  const { container, depth } = deepest(text, path);
  const { entries } = container;
  const index = depth === path.length ? indexOf(container, part) : -1;
  const element = entries[index];
  if (element === undefined) return text;
  const [before, after] = [entries[index - 1], entries[index + 1]];
  if (after !== undefined) return text.slice(0, element.from) + text.slice(after.from);
  return text.slice(0, before === undefined ? container.from + 1 : before.to) + text.slice(before === undefined ? container.to - 1 : element.to);
}

interface Container {
  /** Of its opening bracket, and behind its closing one. */
  readonly from: number;
  readonly to: number;
  readonly entries: readonly Entry[];
}

/** `from` is where its key begins, in a map. */
interface Entry {
  readonly key: string | undefined;
  readonly from: number;
  readonly valueFrom: number;
  readonly to: number;
}

function deepest(text: string, path: JsonPath): { readonly container: Container; readonly depth: number } {
  let container = readContainer(text, skip(text, 0));
  for (const [depth, name] of path.entries()) {
    const entry = container.entries[indexOf(container, name)];
    if (entry === undefined) return { container, depth };
    container = readContainer(text, entry.valueFrom);
  }
  return { container, depth: path.length };
}

/** Of two equal keys the last one counts, as for every reader. */
function indexOf({ entries }: Container, part: string | number): number {
  return typeof part === 'number' ? part : entries.findLastIndex(({ key }) => key === part);
}

function readContainer(text: string, from: number): Container {
  const isMap = text[from] === '{';
  const entries: Entry[] = [];
  let at = skip(text, from + 1);
  while (text[at] !== '}' && text[at] !== ']' && at < text.length) {
    const start = at;
    let key: string | undefined;
    if (isMap) {
      const end = endOfString(text, at);
      key = JSON.parse(text.slice(at, end)) as string;
      at = skip(text, skip(text, end) + 1);
    }
    const to = endOfValue(text, at);
    entries.push({ key, from: start, valueFrom: at, to });
    at = skip(text, to);
    if (text[at] === ',') at = skip(text, at + 1);
  }
  return { from, to: at + 1, entries };
}

function endOfValue(text: string, at: number): number {
  if (text[at] === '"') return endOfString(text, at);
  if (text[at] !== '{' && text[at] !== '[') return at + (/^[^\s,\]}]+/.exec(text.slice(at, at + 400))?.[0].length ?? 1);
  let depth = 0;
  for (let next = at; next < text.length; next += 1) {
    const sign = text[next];
    if (sign === '"') next = endOfString(text, next) - 1;
    else if (sign === '{' || sign === '[') depth += 1;
    else if ((sign === '}' || sign === ']') && --depth === 0) return next + 1;
  }
  return text.length;
}

function endOfString(text: string, at: number): number {
  for (let next = at + 1; next < text.length; next += 1) {
    if (text[next] === '\\') next += 1;
    else if (text[next] === '"') return next + 1;
  }
  return text.length;
}

function skip(text: string, at: number): number {
  let next = at;
  while (next < text.length && /[\s\uFEFF]/.test(text[next] as string)) next += 1;
  return next;
}

/** On lines of its own where its neighbours stand on lines of their own. */
function insertLast(text: string, { from, to, entries }: Container, key: string | undefined, value: unknown): string {
  const last = entries.at(-1);
  const unit = /\n([ \t]+)\S/.exec(text)?.[1] ?? '  ';
  const isOpen = last === undefined ? true : text.slice(from, last.from).includes('\n');
  const outer = indentAt(text, from);
  const inner = last === undefined ? `${outer}${unit}` : indentAt(text, last.from);
  const json = isOpen ? JSON.stringify(value, null, unit).replaceAll('\n', `\n${inner}`) : JSON.stringify(value);
  const entry = `${key === undefined ? '' : `${JSON.stringify(key)}: `}${json}`;
  if (last !== undefined) return `${text.slice(0, last.to)},${isOpen ? `\n${inner}` : ' '}${entry}${text.slice(last.to)}`;
  return `${text.slice(0, from + 1)}\n${inner}${entry}\n${outer}${text.slice(to - 1)}`;
}

function indentAt(text: string, at: number): string {
  return /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', at - 1) + 1, at))?.[0] ?? '';
}
