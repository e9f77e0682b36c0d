import { CadenceError } from '../core/error.ts';
import type { Paths } from '../core/paths.ts';
import type { Ms } from '../core/time/instant.ts';
import type { Child, ChildExit, Clock, Files, Processes, SpawnSpec } from '../ports.ts';
import {
  asExit,
  exitedMs,
  type Found,
  findRun,
  followRun,
  formatStart,
  type RunFolder,
  readExit,
  readProgramPid,
  readStart,
  writeExit,
} from './child-adopt.ts';
import { NAMED_EXIT } from './child-shim.ts';
import { type Shim, type ShimEnd, startShim } from './child-start.ts';
import { named, type StopTarget, type Survivor, stopTree } from './child-stop.ts';
import { createWarmShims, type WarmShims } from './child-warm.ts';
import { createLifeWatch, type LifeWatch } from './life-watch.ts';
import { identityOf } from './process-identity.ts';
import { createProcessTable, isHomeOf, type ProcessTable } from './process-table.ts';

export interface SupervisedProcesses extends Processes {
  /** Who still carries the tag of a run that ended by itself: named, not killed, for a command may start a daemon on purpose. */
  leftBehind(runId: string, sinceMs: Ms): Promise<readonly Survivor[]>;
  /** The run of this folder has ended, and its record is not written yet: its exit code is put there, for a later owner, where nobody has. */
  keepExit(runDir: string): void;
  /** Whether the child of this folder may still be at work. In doubt it is. */
  isAlive(runId: string, runDir: string): boolean;
}

interface Deps {
  readonly clock: Clock;
  readonly files: Files;
  readonly table: ProcessTable;
  readonly identityOf: (pid: number) => string | undefined;
  readonly lives: LifeWatch;
  /** The first shims of the latest runs (a guard has one too): who came after them is young enough to be theirs. */
  readonly shims: Map<string, number>;
  readonly warm: WarmShims;
  /** What shared shims have told us of their latest runs, and no file: the exit codes by the folders of the runs. */
  readonly told: Map<string, number>;
}

const REMEMBERED_SHIMS = 1000;

/** Clocks jump and round; a process that is looked at in vain costs 20 µs. */
const SINCE_SLACK_MS: Ms = 2000;
/** A short run is spared the question who its shim is, which on macOS means starting a program; until then its command line tells. */
const RECORD_AFTER_MS: Ms = 250;

/** `paths`: whose runs they are; without, those of every root that bear their ids are taken for theirs. */
export function createProcesses(ports: {
  readonly clock: Clock;
  readonly files: Files;
  readonly paths?: Pick<Paths, 'running'>;
  readonly table?: ProcessTable;
}): SupervisedProcesses {
  const { clock, files, paths } = ports;
  const table = ports.table ?? createProcessTable(undefined, paths && isHomeOf(paths));
  const deps: Deps = {
    clock,
    files,
    table,
    identityOf,
    lives: createLifeWatch({ clock, table }),
    shims: new Map(),
    warm: createWarmShims(identityOf),
    told: new Map(),
  };
  return {
    start: (spec) => start(deps, spec),
    adopt: (runId, runDir) => adopt(deps, { runId, runDir }),
    identity: identityOf,
    keepExit(runDir) {
      const code = deps.told.get(runDir);
      if (code !== undefined) writeExit(files, runDir, code);
    },
    leftBehind: (runId, sinceMs) => leftBehind(deps, runId, sinceMs),
    isAlive: (_runId, runDir) => isAlive(deps, runDir),
  };
}

function start(deps: Deps, spec: SpawnSpec): Child {
  // The command line of a shim that waits for runs names none, so the record is there before it begins; and it is older than the run.
  const announce = (pid: number, identity: string | undefined): void => {
    remember(deps, spec.runId, deps.table.latest() ?? pid);
    recordStart(deps, spec.runDir, pid, identity, true);
  };
  const shim =
    (spec.isFresh === true ? undefined : clear(deps.files, spec.runDir)) ??
    startShim(spec, (tagged, folder, alone) => deps.warm.start(tagged, folder, announce, alone));
  const exited = shim.ended.then((end) => conclude(deps, spec, end));
  if (shim.pid === undefined) return { exited, stop: async () => [], leave: () => undefined };
  const { pid, leave, retire } = shim;
  const stop = stopper(deps, spec, async () => ({ shimPid: pid, isGroupItsOwn: retire === undefined }), exited);
  if (retire !== undefined) {
    void shim.ended.then((end) => hear(deps, spec.runDir, end));
    return {
      exited,
      stop(graceMs) {
        retire();
        return stop(graceMs);
      },
      leave,
    };
  }
  remember(deps, spec.runId, pid);
  const timer = deps.clock.after(RECORD_AFTER_MS, () => recordStart(deps, spec.runDir, pid, identityOf(pid), false));
  void shim.ended.then(() => timer.close());
  return { exited, stop, leave };
}

function hear({ told }: Deps, runDir: string, end: ShimEnd): void {
  told.delete(runDir);
  if (end.kind !== 'exited') return;
  told.set(runDir, end.code);
  for (const oldest of told.keys()) if (told.size > REMEMBERED_SHIMS) told.delete(oldest);
}

function remember({ shims }: Deps, runId: string, pid: number): void {
  if (!shims.has(runId)) shims.set(runId, pid);
  if (shims.size <= REMEMBERED_SHIMS) return;
  const [oldest] = shims.keys();
  shims.delete(oldest as string);
}

function adopt(deps: Deps, folder: RunFolder): Child {
  const code = readExit(deps.files, folder.runDir);
  const found: Promise<Found> = code === undefined ? findRun(deps, folder) : Promise.resolve({ anchor: undefined, shimPid: undefined });
  const endedMs = code === undefined ? undefined : exitedMs(deps.files, folder.runDir);
  const exited = found.then(async ({ anchor }) => ({
    ...asExit(code ?? (await followRun(deps, folder, anchor))),
    ...(endedMs === undefined ? {} : { endedMs }),
  }));
  return {
    exited,
    stop: stopper(
      deps,
      folder,
      async () => ({ shimPid: (await found).shimPid, isGroupItsOwn: readStart(deps.files, folder.runDir)?.isShared !== true }),
      exited,
    ),
    leave: () => undefined,
  };
}

/** A run that an operator interrupted starts again under the same id: what the earlier shim wrote must not be taken for this one's. */
function clear(files: Files, runDir: string): Shim | undefined {
  try {
    files.makeDir(runDir);
    for (const name of files.list(runDir)) if (['pid', 'exit', 'start'].includes(name) || NAMED_EXIT.test(name)) files.remove(`${runDir}/${name}`);
    return undefined;
  } catch (error) {
    if (!(error instanceof CadenceError)) throw error;
    return { pid: undefined, ended: Promise.resolve({ kind: 'refused', words: error.message }), leave: () => undefined };
  }
}

/** Without this line a later owner knows the shim by its command line; a full disk is no reason to end a run that has begun. */
function recordStart({ files }: Deps, runDir: string, pid: number, identity: string | undefined, isShared: boolean): void {
  try {
    if (identity !== undefined) files.create(`${runDir}/start`, formatStart({ pid, identity, isShared }));
  } catch (error) {
    if (!(error instanceof CadenceError)) throw error;
  }
}

/** A killed shim leaves its program behind, alive and unwatched: the run is not over before that has ended too. */
async function conclude(deps: Deps, folder: RunFolder, end: ShimEnd): Promise<ChildExit> {
  switch (end.kind) {
    case 'exited':
      return asExit(end.code);
    case 'refused':
      return { code: null, signal: null, spawnError: end.words, lost: false };
    case 'killed': {
      const code = readExit(deps.files, folder.runDir) ?? (await followRun(deps, folder, (await findRun(deps, folder)).anchor));
      return { ...asExit(code), signal: code === undefined ? end.signal : null };
    }
  }
}

function stopper(deps: Deps, folder: RunFolder, shim: () => Promise<Pick<StopTarget, 'shimPid' | 'isGroupItsOwn'>>, exited: Promise<ChildExit>): Child['stop'] {
  let hasExited = false;
  let stopping: ReturnType<Child['stop']> | undefined;
  const over = (): void => {
    hasExited = true;
  };
  // What it rejects with is told to who waits for it.
  void exited.then(over, over);
  const stop = async (graceMs: Ms): ReturnType<Child['stop']> => {
    const programPid = (): number | undefined => readProgramPid(deps.files, folder.runDir);
    return stopTree(deps, { ...(await shim()), runId: folder.runId, exited, hasExited: () => hasExited, programPid }, graceMs);
  };
  return (graceMs) => {
    stopping ??= stop(graceMs);
    return stopping;
  };
}

function isAlive(deps: Deps, runDir: string): boolean {
  if (readExit(deps.files, runDir) !== undefined) return false;
  const shim = readStart(deps.files, runDir);
  if (shim !== undefined && deps.identityOf(shim.pid) === shim.identity) return true;
  // The shim may have been killed; who has the program's pid now cannot be told at a glance.
  const program = readProgramPid(deps.files, runDir);
  return program !== undefined && deps.identityOf(program) !== undefined;
}

async function leftBehind(deps: Deps, runId: string, sinceMs: Ms): Promise<readonly Survivor[]> {
  const young = deps.table.youngerThan(deps.clock.nowMs() - sinceMs + SINCE_SLACK_MS, deps.shims.get(runId));
  if (young === undefined) return [];
  const left = await named(deps.table, await deps.table.tagged(runId, young));
  if (left.length > 0) deps.warm.retire(runId);
  return left;
}
