import type { Ms } from '../core/time/instant.ts';
import type { Clock } from '../ports.ts';
import { signalProcess } from './process-signal.ts';
import type { ProcessEntry, ProcessTable } from './process-table.ts';

/**
 * Ends a run with all that it started. A group kill is not enough: an agent's tools live in sessions of their own, and a
 * dead parent's children belong to pid 1. So the tree is walked BEFORE the first signal, and what slipped through is found
 * by the tag in its environment. The program is asked first and alone, so that it can end its children itself and the shim
 * keeps its exit code; the shim goes last. (Who leaves the tree AND wipes its environment escapes; nothing short of a
 * container would hold it.)
 */
export interface StopTarget {
  readonly runId: string;
  /** undefined: not known any more, only the tag is left to find its people by. */
  readonly shimPid: number | undefined;
  /** Its group holds nobody but people of this run; not so where the shim has had other runs, whose daemons may live on. */
  readonly isGroupItsOwn: boolean;
  readonly exited: Promise<unknown>;
  hasExited(): boolean;
  /** What the shim wrote down; undefined as long as it has not. */
  programPid(): number | undefined;
}

export type Survivor = { readonly pid: number; readonly command: string };

const ROUNDS = 3;
const PID_FILE_MS: Ms = 1000;
const TERM_MS: Ms = 300;
const KILL_MS: Ms = 500;
const LOOK_MS: Ms = 10;

interface Hunt {
  readonly clock: Clock;
  readonly table: ProcessTable;
  readonly target: StopTarget;
  /** Everybody who was ever seen to belong to the run, by pid: the start says whether it is still the same process. */
  readonly known: Map<number, string>;
  shim: ProcessEntry | undefined;
}

export async function stopTree(deps: { readonly clock: Clock; readonly table: ProcessTable }, target: StopTarget, graceMs: Ms): Promise<readonly Survivor[]> {
  const hunt: Hunt = { ...deps, target, known: new Map(), shim: undefined };
  await waitFor(hunt, async () => target.hasExited() || target.programPid() !== undefined, PID_FILE_MS);
  await remember(hunt);
  await askProgram(hunt);
  await waitFor(hunt, async () => target.hasExited(), graceMs);
  for (let round = 0; round < ROUNDS; round++) {
    await remember(hunt);
    if ((await living(hunt)).length === 0) break;
    if (round === 0) await signalAll(hunt, 'SIGTERM', TERM_MS);
    await signalAll(hunt, 'SIGKILL', KILL_MS);
  }
  await dismissShim(hunt);
  await remember(hunt);
  const left = await living(hunt);
  return named(
    hunt.table,
    left.map(({ pid }) => pid),
  );
}

export async function named(table: ProcessTable, pids: Iterable<number>): Promise<readonly Survivor[]> {
  return [...(await table.commands(pids))].map(([pid, command]) => ({ pid, command }));
}

/** Adds who belongs to the run now. "The shim's" means something only while the shim is there: its pid is used again later. */
async function remember(hunt: Hunt): Promise<void> {
  const all = (await hunt.table.all()).filter((entry) => entry.pid > 1 && entry.pid !== process.pid && entry.state !== 'zombie');
  const { shimPid, runId } = hunt.target;
  const found = hunt.target.hasExited() ? undefined : all.find((entry) => entry.pid === shimPid);
  hunt.shim ??= found;
  const shim = found?.startedAt === hunt.shim?.startedAt ? found : undefined;
  const tagged = await hunt.table.tagged(
    runId,
    all.map((entry) => entry.pid),
  );
  const roots = all.filter((entry) => tagged.has(entry.pid) || isShims(hunt.target, entry, shim) || hunt.known.get(entry.pid) === entry.startedAt);
  for (const entry of withDescendants(all, roots)) {
    if (entry.pid !== shimPid) hunt.known.set(entry.pid, entry.startedAt);
  }
}

function isShims({ isGroupItsOwn }: StopTarget, entry: ProcessEntry, shim: ProcessEntry | undefined): boolean {
  return shim !== undefined && (entry.pid === shim.pid || (isGroupItsOwn && entry.group === shim.pid));
}

export function withDescendants(all: readonly ProcessEntry[], roots: readonly ProcessEntry[]): readonly ProcessEntry[] {
  const children = new Map<number, ProcessEntry[]>();
  for (const entry of all) children.set(entry.parent, [...(children.get(entry.parent) ?? []), entry]);
  const found = new Map<number, ProcessEntry>();
  const queue = [...roots];
  for (let entry = queue.pop(); entry !== undefined; entry = queue.pop()) {
    if (found.has(entry.pid)) continue;
    found.set(entry.pid, entry);
    queue.push(...(children.get(entry.pid) ?? []));
  }
  return [...found.values()];
}

/** Asks the program alone; where it cannot be told who that is, everybody but the shim. */
async function askProgram(hunt: Hunt): Promise<void> {
  const program = hunt.target.programPid();
  const alive = await living(hunt);
  const asked = alive.filter((entry) => entry.pid === program);
  signalEach(asked.length > 0 ? asked : alive, 'SIGTERM');
}

async function signalAll(hunt: Hunt, signal: 'SIGTERM' | 'SIGKILL', patienceMs: Ms): Promise<void> {
  signalEach(await living(hunt), signal);
  await waitFor(hunt, async () => (await living(hunt)).length === 0, patienceMs);
}

/** A stopped process hears of SIGTERM only when it goes on. */
function signalEach(entries: readonly ProcessEntry[], signal: 'SIGTERM' | 'SIGKILL'): void {
  for (const entry of entries) {
    signalProcess(entry.pid, signal);
    if (entry.state === 'stopped' && signal === 'SIGTERM') signalProcess(entry.pid, 'SIGCONT');
  }
}

/** Those who are known and still themselves. Nothing lies between this look and the signal but the return from it. */
async function living(hunt: Hunt): Promise<readonly ProcessEntry[]> {
  const now = await hunt.table.among(hunt.known.keys());
  return now.filter((entry) => entry.state !== 'zombie' && hunt.known.get(entry.pid) === entry.startedAt);
}

/** With nobody left to wait for, it writes the exit code and goes by itself; it may have been stopped along with its group. */
async function dismissShim(hunt: Hunt): Promise<void> {
  const { shim, target } = hunt;
  if (shim === undefined) return;
  for (const signal of ['SIGCONT', 'SIGKILL'] as const) {
    if (target.hasExited()) return;
    const [now] = await hunt.table.among([shim.pid]);
    if (now?.startedAt !== shim.startedAt) return;
    if (signal === 'SIGKILL' || now.state === 'stopped') signalProcess(shim.pid, signal);
    await waitFor(hunt, async () => target.hasExited(), KILL_MS);
  }
}

/** Looks at once, then every few milliseconds, at most for `patienceMs` of waiting: counted, not read from a clock that may jump. */
async function waitFor(hunt: Hunt, isSo: () => Promise<boolean>, patienceMs: Ms): Promise<void> {
  let leftMs = patienceMs;
  for (let waitMs = LOOK_MS; leftMs > 0 && !(await isSo()); waitMs = Math.min(waitMs * 2, 250)) {
    await pause(hunt, Math.min(waitMs, leftMs));
    leftMs -= waitMs;
  }
}

/** The end of the run ends a pause. */
function pause(hunt: Hunt, ms: Ms): Promise<void> {
  return new Promise((resolve) => {
    const timer = hunt.clock.after(ms, resolve);
    if (hunt.target.hasExited()) return;
    void hunt.target.exited.then(() => {
      timer.close();
      resolve();
    });
  });
}
