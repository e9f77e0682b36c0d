import { CadenceError } from '../core/error.ts';
import { formatDeadName, isTickId, parseRunId, type Tick } from '../core/tick.ts';
import { createReading, type DeadEntry, type Reading } from './reading.ts';

/** One line of `dlq ls`, with what the file says of why. */
export interface DeadView {
  readonly tick: string;
  readonly cadence: string;
  readonly attempts: number;
  readonly reason: string;
  readonly because: string;
  readonly died_at: string;
  readonly path: string;
}

const MAX_FILE_BYTES = 2 * 1024 * 1024;

export function listDead(root: string, cadence: string | undefined): readonly DeadView[] {
  const reading = createReading(root);
  return reading
    .dead()
    .filter(({ name }) => cadence === undefined || name.cadence === cadence)
    .map((entry) => deadView(reading, entry));
}

export function showDead(root: string, id: string): { readonly view: DeadView; readonly content: unknown } {
  const reading = createReading(root);
  const entry = findDead(reading, id);
  return { view: deadView(reading, entry), content: readContent(reading, entry) };
}

/** Gives dead ticks back to the inbox, as `mv dlq/X inbox/` does. `reason` and `cadence` narrow `--all`. */
export function reviveDead(
  root: string,
  select: { readonly ids: readonly string[]; readonly all: boolean; readonly cadence: string | undefined },
  dryRun: boolean,
): readonly DeadView[] {
  const reading = createReading(root);
  const entries = selectDead(reading, select);
  const views = entries.map((entry) => deadView(reading, entry));
  if (!dryRun) for (const { file } of entries) reading.files.rename(`${reading.paths.dlq}/${file}`, `${reading.paths.inbox}/${file}`);
  if (!dryRun && entries.length > 0) {
    reading.files.flushDir(reading.paths.inbox);
    reading.files.flushDir(reading.paths.dlq);
  }
  return views;
}

export function selectDead(
  reading: Reading,
  select: { readonly ids: readonly string[]; readonly all: boolean; readonly cadence: string | undefined },
): readonly DeadEntry[] {
  if (!select.all && select.cadence === undefined) return select.ids.map((id) => findDead(reading, id));
  return reading.dead().filter(({ name }) => select.cadence === undefined || name.cadence === select.cadence);
}

export function deadFiles(
  root: string,
  select: { readonly ids: readonly string[]; readonly all: boolean; readonly cadence: string | undefined },
): readonly DeadEntry[] {
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
  try {
    return JSON.parse(found.text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function deadView(reading: Reading, entry: DeadEntry): DeadView {
  const content = readContent(reading, entry) as Partial<Tick> | undefined;
  const { name } = entry;
  return {
    tick: name.id,
    cadence: name.cadence,
    attempts: name.attempts,
    reason: name.reason,
    because: content?.dead?.because ?? '',
    died_at: content?.dead?.died_at ?? '',
    path: `${reading.paths.dlq}/${formatDeadName(name)}`,
  };
}
