import { cadenceNameFrom, isCadenceName } from '../../core/tick.ts';

/** A task of another system, in the terms of a cadence file. What it has and we do not is in `lost`, with the reason. */
export interface ForeignTask {
  /** As it was called there. */
  readonly origin: string;
  /** The name of the cadence that it becomes; '' where nothing in it makes one. */
  readonly name: string;
  /** Keys of the cadence file, in their order. */
  readonly keys: Readonly<Record<string, unknown>>;
  /** Comments that stood with it. */
  readonly comments: readonly string[];
  readonly lost: readonly Loss[];
}

export interface Loss {
  readonly key: string;
  readonly because: string;
}

export interface ForeignFile {
  readonly tasks: readonly ForeignTask[];
  /** What belongs to no task. */
  readonly lost: readonly Loss[];
}

/** The nearest name that a cadence of somebody's may have, or none. */
export function cadenceNameOf(words: string): string {
  const name = cadenceNameFrom(words)?.replace(/^bus-/, '') ?? '';
  return isCadenceName(name) && name !== 'bus' ? name : '';
}

/** Two tasks that would have one name get numbers. */
export function withDistinctNames(tasks: readonly ForeignTask[], taken: readonly string[]): readonly ForeignTask[] {
  const seen = new Set(taken);
  return tasks.map((task, index) => {
    const base = task.name === '' ? `task-${index + 1}` : task.name;
    let name = base;
    for (let n = 2; seen.has(name); n += 1) name = `${base.slice(0, 46)}-${n}`;
    seen.add(name);
    return { ...task, name };
  });
}

export type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

export function listOf(value: unknown): readonly string[] {
  const items = Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
  return items.filter((item) => typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean').map(String);
}

/** A value of a variable where nobody put others into it: here a lone `$` would. */
export function literal(value: string): string {
  return value.replaceAll('$', '$$$$');
}

/** `300` is `5m`: the shortest way to write so many seconds. */
export function secondsToText(seconds: unknown): string | undefined {
  if (typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds <= 0) return undefined;
  if (seconds % 86_400 === 0) return `${seconds / 86_400}d`;
  if (seconds % 3600 === 0) return `${seconds / 3600}h`;
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}

/** Only what is said: a key that is undefined is no key. */
export function said(keys: Fields): Fields {
  return Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== undefined));
}

/** Keys that are taken, with a value that is none of theirs: nothing of it is carried over, and that must not go unsaid. */
export function misread(map: Fields, expected: Readonly<Record<string, ValueKind>>): readonly Loss[] {
  return Object.entries(expected).flatMap(([key, kind]) => {
    const value = map[key];
    if (value === undefined || value === null || IS_KIND[kind](value)) return [];
    return [{ key, because: `it is no ${kind}, and so means nothing here` }];
  });
}

export type ValueKind = 'text' | 'number' | 'list' | 'map' | 'boolean';

const IS_KIND: Readonly<Record<ValueKind, (value: unknown) => boolean>> = {
  text: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  list: (value) => typeof value !== 'object' || Array.isArray(value),
  map: (value) => typeof value === 'object' && !Array.isArray(value),
  boolean: (value) => typeof value === 'boolean',
};

/** Keys of a map that nobody has taken. */
export function leftOver(map: Fields, taken: readonly string[], because: (key: string) => string): readonly Loss[] {
  return Object.keys(map)
    .filter((key) => !taken.includes(key))
    .map((key) => ({ key, because: because(key) }));
}
