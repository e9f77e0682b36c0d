import { CadenceError } from '../../../lib/core/error.ts';
import type { SupervisedProcesses } from '../../../lib/platform/processes.ts';
import type { ChildExit, Files, SpawnSpec } from '../../../lib/ports.ts';
import type { Disk } from './disk.ts';
import type { Life, Turns } from './turns.ts';

/** What a child will do, come what may. */
export interface Behaviour {
  readonly lastsMs: number;
  /** null: its shim is killed with it, and no exit code is kept. */
  readonly code: number | null;
  readonly stdout: readonly { readonly atMs: number; readonly text: string }[];
  readonly onTerm: 'ends' | 'ignores' | 'cannot be killed';
  /** Words of the system where it cannot be started at all. */
  readonly spawnError?: string | undefined;
  /** Ends well, whatever its code says to the book-keeping of the simulation: it asked for another time, or the account refused it. */
  readonly isUncharged?: boolean;
}

export interface SimChild {
  readonly runId: string;
  readonly runDir: string;
  readonly cadence: string;
  readonly part: 'run' | 'guard' | 'verify';
  readonly pid: number;
  readonly startedMs: number;
  readonly behaviour: Behaviour;
  isAlive: boolean;
  /** We asked it to end. */
  isStopped: boolean;
}

export interface Children {
  /** All that ever were, in the order of their start. */
  readonly all: readonly SimChild[];
  of(life: Life, files: Files): SupervisedProcesses;
  /** The machine is off. */
  powerCut(): void;
}

export interface ChildrenDeps {
  readonly disk: Disk;
  readonly turns: Turns;
  readonly nowMs: () => number;
  readonly behave: (spec: SpawnSpec, part: SimChild['part']) => Behaviour;
  /** A child writes where there is room. */
  readonly isWritable: () => boolean;
  readonly onStart: (child: SimChild) => void;
}

const LOST: ChildExit = { code: null, signal: null, spawnError: null, lost: true };
const TERM_TAKES_MS = 40;
const UNKILLABLE_LASTS_MS = 3_600_000;

/** Processes that outlive their owner, write their output and their exit code into files, and need not obey. */
export function createChildren(deps: ChildrenDeps): Children {
  const { disk, turns } = deps;
  const all: SimChild[] = [];
  const waiting = new Map<SimChild, Set<(exit: ChildExit) => void>>();
  let pids = 1000;

  function say(path: string, text: string): void {
    if (!deps.isWritable()) return;
    const node = disk.find(path) ?? disk.create(path);
    disk.put(node, node.bytes.length, Buffer.from(text));
    disk.onChange(path);
  }

  function end(child: SimChild, code: number | null): void {
    if (!child.isAlive) return;
    child.isAlive = false;
    if (code !== null && disk.find(child.runDir) !== undefined) say(`${child.runDir}/exit`, `${code}\n`);
    const exit = code === null ? { ...LOST, signal: 'SIGKILL', lost: false } : { ...LOST, code, lost: false };
    for (const tell of waiting.get(child) ?? []) tell(exit);
    waiting.delete(child);
  }

  function begin(spec: SpawnSpec): SimChild {
    const part = spec.runDir.endsWith('.guard') ? 'guard' : spec.runDir.endsWith('.verify') ? 'verify' : 'run';
    pids += 1;
    const behaviour = deps.behave(spec, part);
    const about = { runId: spec.runId, runDir: spec.runDir, cadence: spec.env.CADENCE_NAME ?? '', part, pid: pids, startedMs: deps.nowMs() } as const;
    const child: SimChild = { ...about, behaviour, isAlive: behaviour.spawnError === undefined, isStopped: false };
    all.push(child);
    deps.onStart(child);
    if (!child.isAlive) return child;
    say(spec.stdoutPath, '');
    say(spec.stderrPath, '');
    say(`${spec.runDir}/pid`, `${child.pid}\n`);
    for (const { atMs, text } of behaviour.stdout) turns.after(atMs, undefined, () => (child.isAlive ? say(spec.stdoutPath, text) : undefined));
    turns.after(behaviour.lastsMs, undefined, () => end(child, behaviour.code));
    return child;
  }

  function handle(life: Life, child: SimChild, exited: Promise<ChildExit>): ReturnType<SupervisedProcesses['start']> {
    let stopping: Promise<readonly { pid: number; command: string }[]> | undefined;
    const stop = (graceMs: number): Promise<readonly { pid: number; command: string }[]> =>
      new Promise((resolve) => {
        child.isStopped = true;
        const done = (): void => turns.soon(life, () => resolve(child.isAlive ? [{ pid: child.pid, command: 'stubborn' }] : []));
        if (!child.isAlive) return done();
        if (child.behaviour.onTerm === 'ends') {
          turns.after(TERM_TAKES_MS, undefined, () => {
            end(child, 143);
            done();
          });
          return;
        }
        turns.after(graceMs, undefined, () => {
          if (child.behaviour.onTerm === 'ignores') end(child, null);
          else turns.after(UNKILLABLE_LASTS_MS, undefined, () => end(child, null));
          done();
        });
      });
    return {
      exited,
      stop(graceMs) {
        stopping ??= stop(graceMs);
        return stopping;
      },
      leave: () => undefined,
    };
  }

  function exitOf(life: Life, child: SimChild): Promise<ChildExit> {
    return new Promise((resolve) => {
      const listeners = waiting.get(child) ?? new Set();
      waiting.set(child, listeners);
      listeners.add((exit) => turns.soon(life, () => resolve(exit)));
    });
  }

  /** Who says that its folder is new is believed by the real one, which then clears nothing. */
  function clear(files: Files, { runDir, isFresh }: SpawnSpec): void {
    files.makeDir(runDir);
    for (const name of files.list(runDir)) {
      if (!['pid', 'exit', 'start'].includes(name)) continue;
      if (isFresh === true) throw new Error(`${runDir} is said to be new, and holds the ${name} of an earlier run`);
      files.remove(`${runDir}/${name}`);
    }
  }

  /** As the shim left it. */
  function keptExit(files: Files, runDir: string): number | undefined {
    const found = files.read(`${runDir}/exit`, 16);
    return found?.kind === 'text' && /^\d{1,3}\n$/.test(found.text) ? Number(found.text) : undefined;
  }

  return {
    all,
    powerCut() {
      for (const child of all) child.isAlive = false;
      waiting.clear();
    },
    of: (life, files) => ({
      start(spec) {
        try {
          clear(files, spec);
        } catch (error) {
          if (!(error instanceof CadenceError)) throw error;
          return { exited: Promise.resolve({ ...LOST, lost: false, spawnError: error.message }), stop: async () => [], leave: () => undefined };
        }
        const child = begin(spec);
        const { spawnError } = child.behaviour;
        return handle(life, child, spawnError === undefined ? exitOf(life, child) : Promise.resolve({ ...LOST, lost: false, spawnError }));
      },
      adopt(_run, runDir) {
        const child = all.findLast((one) => one.runDir === runDir);
        if (child === undefined) return { exited: Promise.resolve(LOST), stop: async () => [], leave: () => undefined };
        const code = keptExit(files, runDir);
        const exited: Promise<ChildExit> =
          code !== undefined
            ? Promise.resolve({ ...LOST, code, lost: false })
            : child.isAlive
              ? exitOf(life, child).then(() => {
                  const kept = keptExit(files, runDir);
                  return kept === undefined ? LOST : { ...LOST, code: kept, lost: false };
                })
              : Promise.resolve(LOST);
        return handle(life, child, exited);
      },
      // Here every shim writes its exit code itself.
      keepExit: () => undefined,
      identity: (pid) => (all.some((child) => child.pid === pid && child.isAlive) ? `start ${pid}` : undefined),
      leftBehind: async () => [],
      isAlive: (_run, runDir) => all.findLast((one) => one.runDir === runDir)?.isAlive === true,
    }),
  };
}
