import { delimiter, isAbsolute, join } from 'node:path';
import { CadenceError } from '../core/error.ts';
import { insertInto, removeFrom } from '../core/text/json-insert.ts';
import { findJsonFault } from '../core/text/json-place.ts';
import { shellWord } from '../core/text/shell-word.ts';
import { createFiles } from '../platform/files.ts';
import { readMachine } from '../platform/machine.ts';
import type { PlannedChange } from './definitions/file.ts';

/** The hook of Claude Code that tells a session, where it would end, of incidents that wait. */
const COMMAND = 'cadence-bus probe --inject-prompt --quiet';
const STOP = ['hooks', 'Stop'] as const;
const WITHIN_SECONDS = 30;

export const stopHookPath = (root: string): string => `${root}/.claude/settings.local.json`;

/** Where it stands, as `[entry, hook]` of `hooks.Stop`; the places of older ones of ours, too. */
type Place = readonly [entry: number, hook: number];

interface Settings {
  readonly path: string;
  readonly text: string | undefined;
  readonly places: readonly { readonly place: Place; readonly command: string }[];
}

/** Nothing to do where it is there already. What others have written stays, to the byte. */
export function planStopHook(root: string, verb: 'install' | 'remove'): readonly PlannedChange[] {
  const settings = readSettings(root);
  const wanted = `${COMMAND} --root ${shellWord(root)}`;
  const { path, text, places } = settings;
  const isThere = places.some(({ command }) => command === wanted);
  if (verb === 'install' && isThere) return [];
  const cleared =
    text === undefined
      ? undefined
      : withoutOurs(
          text,
          places.map(({ place }) => place),
        );
  if (verb === 'remove') return places.length === 0 ? [] : [{ path, before: text, after: cleared }];
  const hook = { hooks: [{ type: 'command', command: wanted, timeout: WITHIN_SECONDS }] };
  return [{ path, before: text, after: insertInto(cleared ?? '{}\n', STOP, hook) }];
}

/** A hook of a session finds programs by the PATH of whoever started it, which is this one, most likely. */
export function isOnPath(): boolean {
  const files = createFiles();
  const folders = (readMachine().env.PATH ?? '').split(delimiter).filter(isAbsolute);
  return folders.some((folder) => files.info(join(folder, 'cadence-bus')) !== undefined);
}

export function hasStopHook(root: string): boolean {
  try {
    return readSettings(root).places.length > 0;
  } catch (error) {
    if (error instanceof CadenceError) return false;
    throw error;
  }
}

function readSettings(root: string): Settings {
  const path = stopHookPath(root);
  const files = createFiles();
  const found = files.info(path) === undefined ? undefined : files.read(path);
  if (found !== undefined && found.kind !== 'text') throw new CadenceError('bad_data', `${path} is no text that can be changed`, 'Look at it with ls -la.');
  const text = found?.text;
  if (text === undefined || text.trim() === '') return { path, text, places: [] };
  const fault = findJsonFault(text.replace(/^\uFEFF/, ''));
  if (fault !== undefined)
    throw new CadenceError(
      'bad_data',
      `${path}:${fault.line}:${fault.column} is no JSON: it did not expect ${fault.found}`,
      'Nothing was written. Mend it first.',
    );
  return { path, text, places: placesIn(path, JSON.parse(text.replace(/^\uFEFF/, ''))) };
}

function placesIn(path: string, value: unknown): Settings['places'] {
  const refuse = (what: string): CadenceError => new CadenceError('bad_data', `${path}: ${what}`, 'Nothing was written. Mend it first.');
  if (!isMap(value)) throw refuse('it holds no map');
  const { hooks = {} } = value;
  if (!isMap(hooks)) throw refuse('hooks is no map');
  const { Stop: stop = [] } = hooks;
  if (!Array.isArray(stop)) throw refuse('hooks.Stop is no list');
  return stop.flatMap((entry: unknown, at) => {
    const list = isMap(entry) && Array.isArray(entry.hooks) ? (entry.hooks as readonly unknown[]) : [];
    return list.flatMap((hook, index) => {
      const command = isMap(hook) ? hook.command : undefined;
      return typeof command === 'string' && command.includes(COMMAND) ? [{ place: [at, index] as const, command }] : [];
    });
  });
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** With what was only there for it; undefined: nothing else was in the file. */
function withoutOurs(text: string, places: readonly Place[]): string | undefined {
  let left = text;
  // From the last to the first, so that the places of the others stay what they are.
  for (const [entry, hook] of places.toReversed()) {
    left = removeFrom(left, [...STOP, entry, 'hooks'], hook);
    const { hooks } = (JSON.parse(left.replace(/^\uFEFF/, '')) as { hooks: { Stop: { hooks: unknown[] }[] } }).hooks.Stop[entry] as { hooks: unknown[] };
    if (hooks.length === 0) left = removeFrom(left, STOP, entry);
  }
  const { hooks } = JSON.parse(left.replace(/^\uFEFF/, '')) as { hooks?: { Stop?: unknown[] } };
  if (places.length > 0 && hooks?.Stop?.length === 0) left = removeFrom(left, ['hooks'], 'Stop');
  if (places.length > 0 && hooks !== undefined && Object.keys(hooks).length === 1 && hooks.Stop?.length === 0) left = removeFrom(left, [], 'hooks');
  return places.length > 0 && /^\s*\{\s*\}\s*$/.test(left) ? undefined : left;
}
