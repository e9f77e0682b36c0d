import { type Document, isAlias, isMap, isScalar, isSeq, type Pair, type ParsedNode, parseDocument, stringify, type YAMLMap } from 'yaml';
import { CadenceError } from '../core/error.ts';
import { formatKey, type KeyPath } from './problem.ts';
import { readYaml } from './yaml-source.ts';

/** `value` undefined: the key is taken out. */
export interface YamlEdit {
  readonly path: readonly [string, ...string[]];
  readonly value: unknown;
}

/**
 * Changes keys of a text and nothing else: the edit is spliced into it, so comments, order, quotes and indentation of all
 * other lines stay as they are, to the byte. The result is read again; where it does not say what was meant, the library
 * writes the document, which keeps comments and may move blanks.
 */
export function editYaml(text: string, edits: readonly YamlEdit[]): string {
  return edits.reduce(editOne, text);
}

type Map = YAMLMap.Parsed<ParsedNode, ParsedNode | null>;
type MapPair = Pair<ParsedNode, ParsedNode | null>;

const OPTIONS = { prettyErrors: false, uniqueKeys: false, stringKeys: true, resolveKnownTags: false, schema: 'core', logLevel: 'error' } as const;

function editOne(withBom: string, edit: YamlEdit): string {
  const bom = withBom.startsWith('\ufeff') ? '\ufeff' : '';
  const text = withBom.slice(bom.length);
  const current = readYaml(text).value;
  if (edit.value === undefined && !isThere(current, edit.path)) return withBom;
  const meant = changed(current, edit);
  const document = parseDocument(text, OPTIONS);
  const spliced = splice(text, document.contents, edit);
  if (spliced !== undefined && says(spliced, meant)) return bom + spliced;
  const written = isBehindAlias(document, edit.path) ? undefined : rewrite(document, edit);
  if (written !== undefined && says(written, meant)) return bom + written;
  throw new CadenceError(
    'bad_data',
    `${formatKey(edit.path)} cannot be changed by itself in this file`,
    'Change it by hand: cadence-bus edit <name> opens it.',
  );
}

/** undefined: this text is better left to the library. */
function splice(text: string, contents: ParsedNode | null, { path, value }: YamlEdit): string | undefined {
  if (contents === null || (isScalar(contents) && contents.value === null)) return value === undefined ? text : appendLine(text, '', path, value);
  if (!isMap(contents)) return undefined;
  let map = contents as Map;
  for (let depth = 0; ; depth += 1) {
    const pair = pairOf(map, path[depth] as string);
    if (pair === undefined) return value === undefined ? text : insert(text, map, path.slice(depth), value);
    if (isAlias(pair.value)) return undefined;
    const isLast = depth === path.length - 1;
    if (isLast && value === undefined) return remove(text, contents as Map, path);
    if (isLast) return replace(text, pair, value);
    if (isMap(pair.value)) map = pair.value as Map;
    else return value === undefined ? text : replace(text, pair, nested(path.slice(depth + 1), value));
  }
}

function pairOf(map: Map, key: string): MapPair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key) as MapPair | undefined;
}

/** `['a', 'b'], 1` is `{a: {b: 1}}`. */
function nested(path: KeyPath, value: unknown): unknown {
  return path.reduceRight<unknown>((inner, key) => ({ [String(key)]: inner }), value);
}

/** On one line, quoted where a flow collection needs it, so that it may stand anywhere. */
function render(value: unknown): string {
  return stringify([value], { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: false, blockQuote: false, aliasDuplicateObjects: false })
    .trimEnd()
    .slice(1, -1);
}

function renderPair([key, ...rest]: KeyPath, value: unknown): string {
  return `${render(key)}: ${render(nested(rest, value))}`;
}

function appendLine(text: string, indent: string, path: KeyPath, value: unknown): string {
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  return `${text}${text === '' || text.endsWith('\n') ? '' : newline}${indent}${renderPair(path, value)}${newline}`;
}

function insert(text: string, map: Map, path: KeyPath, value: unknown): string | undefined {
  const last = map.items.at(-1) as MapPair | undefined;
  if (map.flow === true) {
    if (last === undefined) return `${text.slice(0, map.range[0])}{ ${renderPair(path, value)} }${text.slice(map.range[1])}`;
    const end = endOf(last);
    return `${text.slice(0, end)}, ${renderPair(path, value)}${text.slice(end)}`;
  }
  const first = map.items[0] as MapPair | undefined;
  if (last === undefined || first === undefined) return undefined;
  const at = lineEnd(text, endOf(last));
  const start = first.key.range[0];
  const indent = ' '.repeat(start - lineStart(text, start));
  return appendLine(text.slice(0, at), indent, path, value) + text.slice(at);
}

function replace(text: string, pair: MapPair, value: unknown): string | undefined {
  const { value: old } = pair;
  const colon = text.indexOf(':', pair.key.range[1]) + 1;
  if (old === null || old.range[0] === old.range[1]) return `${text.slice(0, colon)} ${render(value)}${text.slice(colon)}`;
  if ('anchor' in old && old.anchor !== undefined) return undefined;
  const isBlock = (isMap(old) || isSeq(old)) && old.flow !== true;
  if (!isBlock) {
    const newline = text.slice(old.range[0], old.range[1]).endsWith('\n') ? '\n' : '';
    return `${text.slice(0, old.range[0])}${render(value)}${newline}${text.slice(old.range[1])}`;
  }
  // What stands behind the colon of a block can only be a comment, which stays.
  const behind = text.slice(colon, lineEnd(text, colon)).trimEnd();
  const end = lineEnd(text, endOf(pair));
  return `${text.slice(0, colon)} ${render(value)}${behind}\n${text.slice(end)}`;
}

/** With the map that held it, where nothing else is in it: an empty value means something else than none. */
function remove(text: string, root: Map, path: KeyPath): string | undefined {
  const maps: Map[] = [root];
  for (const key of path.slice(0, -1)) maps.push(pairOf(maps.at(-1) as Map, String(key))?.value as unknown as Map);
  let depth = path.length - 1;
  while (depth > 0 && maps[depth]?.items.length === 1) depth -= 1;
  const map = maps[depth] as Map;
  const pair = pairOf(map, String(path[depth])) as MapPair;
  const index = map.items.indexOf(pair as (typeof map.items)[number]);
  const [before, behind] = [map.items[index - 1] as MapPair | undefined, map.items[index + 1] as MapPair | undefined];
  if (map.flow === true) {
    if (behind !== undefined) return text.slice(0, pair.key.range[0]) + text.slice(behind.key.range[0]);
    return before === undefined ? undefined : text.slice(0, endOf(before)) + text.slice(endOf(pair));
  }
  const start = lineStart(text, pair.key.range[0]);
  if (text.slice(start, pair.key.range[0]).trim() !== '') return undefined;
  return text.slice(0, start) + text.slice(lineEnd(text, endOf(pair)));
}

/** Behind the last character of a pair, its comments not counted. */
function endOf({ key, value }: MapPair): number {
  if (value === null || value.range[0] === value.range[1]) return key.range[1] + 1;
  if (isMap(value) && value.flow !== true && value.items.length > 0) return endOf(value.items.at(-1) as MapPair);
  if (isSeq(value) && value.flow !== true) {
    const last = value.items.at(-1) as ParsedNode | undefined;
    if (isMap(last) && last.flow !== true && last.items.length > 0) return endOf(last.items.at(-1) as unknown as MapPair);
    return last?.range[1] ?? value.range[1];
  }
  return value.range[1];
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** Behind the newline of the line in which the character before the offset stands. */
function lineEnd(text: string, offset: number): number {
  if (text[offset - 1] === '\n') return offset;
  const at = text.indexOf('\n', offset);
  return at < 0 ? text.length : at + 1;
}

/** Whoever changed it there would change it in the other place, too. */
function isBehindAlias(document: Document.Parsed, path: KeyPath): boolean {
  return path.some((_key, depth) => depth > 0 && isAlias(document.getIn(path.slice(0, depth), true)));
}

function rewrite(document: Document.Parsed, { path, value }: YamlEdit): string {
  if (value === undefined) document.deleteIn(path);
  else document.setIn(path, document.createNode(value));
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

/** The value as it would be, by plain objects. */
function changed(value: unknown, { path, value: next }: YamlEdit): unknown {
  const [key, inner, ...rest] = path;
  const map = isPlainMap(value) ? value : {};
  const { [key]: old, ...others } = map;
  const now = inner === undefined ? next : changed(old, { path: [inner, ...rest], value: next });
  const isGone = now === undefined || (next === undefined && inner !== undefined && isPlainMap(now) && Object.keys(now).length === 0);
  return isGone ? others : { ...map, [key]: now };
}

function isThere(value: unknown, [key, ...rest]: KeyPath): boolean {
  return key === undefined || (isPlainMap(value) && Object.hasOwn(value, key) && isThere(value[key], rest));
}

function isPlainMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function says(text: string, meant: unknown): boolean {
  const { isSound, value, problems } = readYaml(text);
  return isSound && problems.length === 0 && canonical(value ?? {}) === canonical(meant ?? {});
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
