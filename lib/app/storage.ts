import { createAllDefinitions } from '../config/all-definitions.ts';
import type { LiveDefinitions } from '../config/definitions.ts';
import { type Paths, pathsOf } from '../core/paths.ts';
import { createHistory } from '../history/history.ts';
import { createJournal } from '../history/journal.ts';
import { createRunLog } from '../history/run-log.ts';
import { createClock } from '../platform/clock.ts';
import { createFiles } from '../platform/files.ts';
import { createIds } from '../platform/ids.ts';
import { type Machine, readMachine } from '../platform/machine.ts';
import type { Clock, Files, History, Ids, Journal, RunLog } from '../ports.ts';
import { knownDefinitions } from './definitions/known.ts';
import { createRedacting, type Redacting, redactedEvent } from './redacting.ts';

/** The disk of an owner and what it keeps there. */
export interface Storage {
  readonly clock: Clock;
  readonly files: Files;
  readonly paths: Paths;
  readonly ids: Ids;
  readonly machine: Machine;
  readonly history: History;
  readonly runLog: RunLog;
  readonly journal: Journal;
  readonly definitions: LiveDefinitions;
  readonly redacting: Redacting;
}

const FOLDERS = ['inbox', 'waiting', 'claimed', 'dlq', 'tmp', 'running', 'runs', 'journal', 'slots', 'outbox', 'incidents', 'subsessions'] as const;

export function makeFolders(files: Files, paths: Paths): void {
  for (const folder of FOLDERS) files.makeDir(paths[folder]);
}

export function composeStorage(
  root: string,
  standIns: Partial<{ readonly [K in 'files' | 'clock' | 'ids' | 'machine']: Storage[K] | undefined }>,
  onFault: (error: unknown) => void,
): Storage {
  const { clock = createClock(), files = createFiles(), ids = createIds(), machine = readMachine() } = standIns;
  const paths = pathsOf(root);
  const redacting = createRedacting(machine.env);
  makeFolders(files, paths);
  return {
    clock,
    files,
    paths,
    ids,
    machine,
    history: createHistory({ files, paths }),
    runLog: createRunLog({ files, clock, paths, zone: machine.zone }),
    journal: createJournal({ files, clock, paths, onFault, redacted: (event) => redactedEvent(event, redacting) }),
    definitions: createAllDefinitions({ files, paths, home: machine.home, cache: knownDefinitions(files, paths, machine, clock.nowMs) }),
    redacting,
  };
}
