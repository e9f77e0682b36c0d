import type { CircuitView } from '../core/circuit-view.ts';
import { CadenceError } from '../core/error.ts';
import { type Holds, NO_HOLDS } from '../core/holds.ts';
import { toIso } from '../core/instant.ts';
import { type Paths, pathsOf } from '../core/paths.ts';
import { isFinal, type RunRecord } from '../core/run.ts';
import { type DeadName, formatRunId, isTickId, parseDeadName, parseRunId, parseTickName, type TickName } from '../core/tick.ts';
import { createHistory } from '../history/history.ts';
import { createFiles } from '../platform/files.ts';
import type { Files, History } from '../ports.ts';

/** What every reading verb starts from: the files. No owner is needed, and nothing is changed. */
export interface Reading {
  readonly paths: Paths;
  readonly files: Files;
  readonly history: History;
  names(folder: 'inbox' | 'waiting' | 'claimed'): readonly TickName[];
  /** Files of the drop zone that bear no canonical name. */
  foreign(): readonly string[];
  dead(): readonly DeadEntry[];
  holds(): Holds;
  circuit(): CircuitView | undefined;
  /** A run or a tick by its id, as it stands now. Throws `not_found`. */
  lookup(id: string): RunRecord;
}

export interface DeadEntry {
  readonly file: string;
  readonly name: DeadName;
}

const MAX_STATE_BYTES = 16 * 1024 * 1024;

export function createReading(root: string): Reading {
  const files = createFiles();
  const paths = pathsOf(root);
  const history = createHistory({ files, paths });
  const names = (folder: 'inbox' | 'waiting' | 'claimed'): readonly TickName[] => files.list(paths[folder]).flatMap((file) => parseTickName(file) ?? []);

  function readJson<T>(path: string): T | undefined {
    const found = files.read(path, MAX_STATE_BYTES);
    if (found?.kind !== 'text') return undefined;
    try {
      return JSON.parse(found.text) as T;
    } catch (error) {
      // The owner sets a broken file aside; until then it says nothing.
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  const reading: Reading = {
    paths,
    files,
    history,
    names,
    foreign: () => files.list(paths.inbox).filter((file) => !file.startsWith('.') && parseTickName(file) === undefined),
    dead: () =>
      files
        .list(paths.dlq)
        .toSorted()
        .flatMap((file) => {
          const name = parseDeadName(file);
          return name === undefined ? [] : [{ file, name }];
        }),
    holds: () => {
      const read = readJson<Holds>(paths.holds);
      return read?.format === 1 ? read : NO_HOLDS;
    },
    circuit: () => readJson<CircuitView>(paths.circuit),
    lookup: (id) => lookup(reading, id),
  };
  return reading;
}

function lookup(reading: Reading, id: string): RunRecord {
  const run = parseRunId(id);
  const tickId = run?.id ?? id;
  if (!isTickId(tickId))
    throw new CadenceError(
      'usage',
      `"${id.slice(0, 80)}" is no id of a run or a tick`,
      'A run id looks like x7k2p9qd4mzt-1, a tick id like x7k2p9qd4mzt; see cadence-bus runs.',
    );
  const record = reading.history.find(id);
  if (record !== undefined && (run !== undefined ? record.status !== 'waiting' : isFinal(record.status) && record.status !== 'dead')) return record;
  const running = reading.names('claimed').find((name) => name.id === tickId);
  if (running !== undefined) return underWay(reading, running);
  const waiting = [...reading.names('waiting'), ...reading.names('inbox')].find((name) => name.id === tickId);
  if (waiting !== undefined) return pendingRecord(reading, waiting, record);
  if (record !== undefined) return record;
  throw new CadenceError('not_found', `there is no run or tick ${id}`, 'See cadence-bus runs for what ran, cadence-bus status for what waits.');
}

function blank(name: TickName): RunRecord {
  return {
    run_id: formatRunId(name.id, name.attempts),
    cadence: name.cadence,
    tick: name.id,
    attempt: name.attempts,
    status: 'queued',
    reason: '',
    summary: '',
    started_at: '',
    ended_at: null,
    duration_ms: 0,
    exit_code: null,
    signal: null,
    cost_usd: null,
    stdout_path: null,
    stderr_path: null,
  };
}

function underWay(reading: Reading, name: TickName): RunRecord {
  const runId = formatRunId(name.id, name.attempts);
  const found = reading.files.read(`${reading.paths.running}/${runId}/run.json`, MAX_STATE_BYTES);
  const told = found?.kind === 'text' ? (JSON.parse(found.text) as Partial<RunRecord>) : {};
  const { started_at = '', stdout_path = null, stderr_path = null } = told;
  return { ...blank(name), status: 'running', started_at, stdout_path, stderr_path };
}

function pendingRecord(reading: Reading, name: TickName, last: RunRecord | undefined): RunRecord {
  const next = { ...blank({ ...name, attempts: name.attempts + 1 }) };
  const breaker = reading.holds().breakers[`cadence:${name.cadence}`];
  const because = breaker !== undefined && 'because' in breaker ? breaker.because : '';
  const isHeld = breaker !== undefined && breaker.state !== 'closed' && breaker.state !== 'backing_off';
  const told = last === undefined ? {} : { stdout_path: last.stdout_path, stderr_path: last.stderr_path };
  return {
    ...next,
    ...told,
    status: isHeld ? 'held' : name.attempts > 0 ? 'waiting' : 'queued',
    reason: isHeld ? because : (last?.reason ?? ''),
    retry_at: toIso(name.dueMs),
  };
}
