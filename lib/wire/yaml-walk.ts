import { isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap, type YAMLSeq } from 'yaml';
import { formatKey, type KeyPath, type SourceProblem } from './problem.ts';

/** Where a value and its key begin, as offsets; what it is; and how it was written, where it is one word. */
export interface Place {
  readonly key: number;
  readonly value: number;
  readonly found: unknown;
  readonly written: string | undefined;
}

export type Where = (offset: number) => { readonly line: number; readonly column: number };

/** One pass over a document, which turns its nodes into plain values and notes where each of them stands. */
export interface Walk {
  readonly places: Map<string, Place>;
  readonly problems: SourceProblem[];
  readonly where: Where;
  /** Kept by hand, in the order of the text: the library looks through the whole document for every alias. */
  readonly anchors: Map<string, Node>;
  /** The collections that we are in. */
  readonly open: Set<Node>;
  /** The aliases that we are in; what stands behind them sets no anchors a second time. */
  aliases: number;
  /** Every value counts, those behind aliases each time, so that a YAML bomb ends early. 0: it has. */
  left: number;
}

const MOST_VALUES = 5_000;

export function createWalk(places: Map<string, Place>, problems: SourceProblem[], where: Where): Walk {
  return { places, problems, where, anchors: new Map(), open: new Set(), aliases: 0, left: MOST_VALUES };
}

/** `key`: where the key begins; `from`: where an alias stands, for what is behind it. */
export function readValue(walk: Walk, node: Node | null, path: KeyPath, key: number, from?: number): unknown {
  const value = from ?? node?.range?.[0] ?? key;
  if (walk.left > 0) walk.left -= 1;
  else return null;
  if (walk.left === 0) {
    report(walk, value, path, `more than ${MOST_VALUES} values, those behind aliases included`, 'Write out what is needed; a definition is small.');
    return null;
  }
  if (isAlias(node)) return readAlias(walk, node.source, path, key, value);
  if (walk.aliases === 0 && (isMap(node) || isSeq(node) || isScalar(node)) && node.anchor !== undefined) walk.anchors.set(node.anchor, node);
  const found = isMap(node) || isSeq(node) ? readCollection(walk, node, path, value) : isScalar(node) ? scalarValue(node.value, node.source) : null;
  walk.places.set(JSON.stringify(path), { key, value, found, written: isScalar(node) ? node.source : undefined });
  return found;
}

function readAlias(walk: Walk, name: string, path: KeyPath, key: number, at: number): unknown {
  const target = walk.anchors.get(name);
  if (target === undefined || walk.open.has(target)) {
    if (target === undefined) report(walk, at, path, `*${name} has no anchor before it`, `Put &${name} before the value it stands for, or quote the text.`);
    else report(walk, at, path, `*${name} contains itself`, 'Write out what is meant.');
    walk.places.set(JSON.stringify(path), { key, value: at, found: null, written: undefined });
    return null;
  }
  walk.aliases += 1;
  const found = readValue(walk, target, path, key, at);
  walk.aliases -= 1;
  return found;
}

function readCollection(walk: Walk, node: YAMLMap | YAMLSeq, path: KeyPath, at: number): unknown {
  walk.open.add(node);
  const found = isMap(node) ? readMap(walk, node as YAMLMap<Node, Node | null>, path) : readList(walk, node as YAMLSeq<Node>, path, at);
  walk.open.delete(node);
  return found;
}

function readList(walk: Walk, list: YAMLSeq<Node>, path: KeyPath, at: number): unknown[] {
  return list.items.map((item, index) => readValue(walk, item, [...path, index], item?.range?.[0] ?? at));
}

function readMap(walk: Walk, node: YAMLMap<Node, Node | null>, path: KeyPath): Record<string, unknown> {
  const map: Record<string, unknown> = {};
  for (const pair of node.items) {
    const at = pair.key.range?.[0] ?? 0;
    const name = isScalar(pair.key) ? String(pair.key.value ?? '') : '';
    const inner = [...path, name];
    if (walk.left === 0) break;
    if (name === '') report(walk, at, inner, 'a key without a name', 'Write name: value.');
    else if (name === '__proto__') report(walk, at, inner, 'this key is not allowed', 'Remove it.');
    else if (name === '<<') report(walk, at, inner, 'merge keys are not supported', 'Write the keys out.');
    else if (Object.hasOwn(map, name)) report(walk, at, inner, `the key stands here twice, first in line ${firstLineOf(walk, inner)}`, 'Keep one of them.');
    else map[name] = readValue(walk, pair.value, inner, at);
  }
  return map;
}

function firstLineOf(walk: Walk, path: KeyPath): number {
  return walk.where(walk.places.get(JSON.stringify(path))?.key ?? 0).line;
}

function report(walk: Walk, offset: number, path: KeyPath, message: string, hint: string): void {
  walk.problems.push({ ...walk.where(offset), key: formatKey(path), message, hint });
}

function scalarValue(value: unknown, source: string | undefined): unknown {
  return value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : (source ?? String(value));
}
