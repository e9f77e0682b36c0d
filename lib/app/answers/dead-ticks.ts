import { commandPath } from '../../config/all-definitions.ts';
import { CadenceError } from '../../core/error.ts';
import { parseJson } from '../../core/text/json-text.ts';
import { isTickId, parseDeadName, parseRunId } from '../../core/tick.ts';
import { parseIso } from '../../core/time/instant.ts';
import type { DeadLetter } from '../../core/vault/source.ts';
import { createReading, type DeadEntry, type Reading } from '../reading.ts';
import { incidentOfTick } from './incident-reading.ts';

/** One line of `dlq ls`, with what the file says of why. */
export interface DeadView extends DeadLetter {
  readonly path: string;
}

/** Named ones; or all, of one cadence or of every one. */
export interface DeadSelection {
  readonly ids: readonly string[];
  readonly all: boolean;
  readonly cadence: string | undefined;
}

const MAX_FILE_BYTES = 2 * 1024 * 1024;

export function listDead(root: string, cadence: string | undefined): readonly DeadView[] {
  const reading = createReading(root);
  return reading
    .dead()
    .filter(({ name }) => cadence === undefined || name.cadence === cadence)
    .map((entry) => deadView(reading, entry));
}

/** Those that were due last, and how many there are in all: however many that is, it is told at once. */
export function listDeadEnd(root: string, most: number): { readonly dead: readonly DeadView[]; readonly total: number } {
  const reading = createReading(root);
  const all = reading.dead();
  return { dead: all.slice(-most).map((entry) => deadView(reading, entry)), total: all.length };
}

export function showDead(root: string, id: string): { readonly view: DeadView; readonly incident: string | null; readonly content: unknown } {
  const reading = createReading(root);
  const entry = findDead(reading, id);
  return { view: deadView(reading, entry), incident: incidentOfTick(reading, entry.name.id) ?? null, content: readContent(reading, entry) };
}

export interface Revived {
  readonly revived: readonly DeadView[];
  /** Calls of `exec` whose name another command bears by now: that one would run instead of what failed. */
  readonly left: readonly DeadView[];
}

/** Gives dead ticks back to the inbox, as `mv dlq/X inbox/` does. */
export function reviveDead(root: string, select: DeadSelection, dryRun: boolean): Revived {
  const reading = createReading(root);
  const { files, paths } = reading;
  const chosen = selectDead(reading, select).map((entry) => ({ ...entry, view: deadView(reading, entry) }));
  const isOther = (entry: DeadEntry): boolean => isOtherCommand(reading, entry);
  const left = chosen.filter(isOther).map(({ view }) => view);
  const [named] = select.ids.length > 0 ? left : [];
  if (named !== undefined) throw otherCommand(named);
  const found = chosen.filter((entry) => !isOther(entry));
  if (dryRun || found.length === 0) return { revived: found.map(({ view }) => view), left };
  files.makeDir(paths.inbox);
  // One that is gone by now was given back, or removed, by somebody else.
  const revived = found.filter(({ file }) => files.rename(`${paths.dlq}/${file}`, `${paths.inbox}/${file}`));
  files.flushDir(paths.inbox);
  files.flushDir(paths.dlq);
  return { revived: revived.map(({ view }) => view), left };
}

/** The file of a command is written only where its words change, so one that is younger than the call is another's. */
function isOtherCommand(reading: Reading, entry: DeadEntry): boolean {
  const { source, enqueued_at: asked } = fieldsOf(readContent(reading, entry));
  if (source !== 'exec' || typeof asked !== 'string') return false;
  const info = reading.files.info(commandPath(reading.paths, entry.name.cadence));
  // The call says no more than its millisecond, in which the file may have been written for it.
  return info !== undefined && Math.floor(info.mtimeMs) > (parseIso(asked) ?? Number.POSITIVE_INFINITY);
}

function otherCommand({ tick, cadence }: DeadView): CadenceError {
  return new CadenceError(
    'bad_data',
    `${tick} was a call of exec, and another command is called ${cadence} by now, which would run instead`,
    `Run what failed again: cadence-bus exec -- … (see cadence-bus dlq show ${tick}); then cadence-bus dlq purge ${tick}`,
  );
}

function selectDead(reading: Reading, select: DeadSelection): readonly DeadEntry[] {
  if (!select.all && select.cadence === undefined) return select.ids.map((id) => findDead(reading, id));
  return reading.dead().filter(({ name }) => select.cadence === undefined || name.cadence === select.cadence);
}

export function deadFiles(root: string, select: DeadSelection): readonly DeadEntry[] {
  return selectDead(createReading(root), select);
}

/** By tick id, run id or file name. */
function findDead(reading: Reading, id: string): DeadEntry {
  const wanted = id.slice(id.lastIndexOf('/') + 1);
  const tickId = parseRunId(wanted)?.id ?? wanted;
  const found = reading.dead().find(({ file, name }) => file === wanted || name.id === tickId);
  if (found !== undefined) return found;
  const hint = isTickId(tickId) ? 'See cadence-bus dlq ls.' : 'Name it by its tick id or its file name; see cadence-bus dlq ls.';
  throw new CadenceError('not_found', `there is no dead tick ${id.slice(0, 120)}`, hint);
}

function readContent(reading: Reading, { file }: DeadEntry): unknown {
  const found = reading.files.read(`${reading.paths.dlq}/${file}`, MAX_FILE_BYTES);
  if (found?.kind !== 'text') return undefined;
  return parseJson(found.text);
}

function deadView(reading: Reading, entry: DeadEntry): DeadView {
  const { name } = entry;
  const report = reportIn(readContent(reading, entry));
  return {
    tick: name.id,
    cadence: name.cadence,
    attempts: name.attempts,
    reason: name.reason,
    because: report.because ?? unreported(reading, entry),
    died_at: report.died_at ?? '',
    path: `${reading.paths.dlq}/${entry.file}`,
  };
}

function unreported({ files, paths }: Reading, { file }: DeadEntry): string {
  if (files.read(`${paths.dlq}/${file}`, MAX_FILE_BYTES)?.kind === 'not_a_file') return 'it is not a regular file';
  return parseDeadName(file) === undefined ? 'somebody has put it here by hand' : '';
}

/** What lies there may be what a stranger dropped: nothing in it is believed to be what it is called. */
function reportIn(content: unknown): Partial<Record<'because' | 'died_at', string>> {
  const dead = fieldsOf(fieldsOf(content).dead);
  return {
    ...(typeof dead.because === 'string' ? { because: dead.because } : {}),
    ...(typeof dead.died_at === 'string' ? { died_at: dead.died_at } : {}),
  };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
