import { type ChildProcess, spawn } from 'node:child_process';
import type { Stats } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import type { SpawnSpec } from '../ports.ts';
import { RUN_TAG } from './child-shim.ts';
import type { Shim, ShimEnd } from './child-start.ts';

/**
 * A shim that runs the next child of the same command too. To fork this process and to start a shell is more than half of
 * what a short command costs, and it stops the event loop meanwhile; so where a command comes again within a second of its
 * end, its second shim stays, and is told of each further run in a few lines on its stdin. It does what every shim does: it outlives us,
 * writes `pid`, and is alone in its session with its child. It ends when its stdin does, which is when we are
 * gone, or when an empty line says that nothing more will come, which is when it has had nothing to do for a second.
 *
 * We hear the exit code from it, and put it into the record of the run; so it writes `exit` only where it finds us gone, which
 * it does at once: a file made and removed for each run costs more than the fork. Where the record must wait, we write it (`keepExit`).
 *
 * The program, its folder and its environment are the shim's own, so nothing of them is ever written down or quoted. A shell
 * reads a pipe byte by byte, so of what differs from run to run it is told the run id, which all paths of a run are made of,
 * and those facts that are not what they were when it began.
 */
const WARM_SHIM = `cb_dir=$1 cb_dir_end=$2 cb_in=$3 cb_in_end=$4 cb_out=$5 cb_out_end=$6 cb_err=$7 cb_err_end=$8 cb_run=
shift 8
trap : HUP INT QUIT TERM USR1 USR2 PIPE
while read -r cb_next; do
  [ "$cb_next" ] || exit 0
  cb_run=$cb_next
  (
    export CADENCE_RUN_ID="$cb_run"
    while IFS= read -r cb_fact && [ "$cb_fact" ]; do
      case $cb_fact in *=*) export "$cb_fact" ;; *) unset "$cb_fact" ;; esac
    done
    for cb_pid in /proc/self/task/*; do :; done
    echo "\${cb_pid##*/}" >"$cb_dir$cb_run$cb_dir_end/pid"
    [ -z "$cb_in_end" ] || cb_in=$cb_in$cb_run$cb_in_end
    exec "$@" <"$cb_in" >>"$cb_out$cb_run$cb_out_end" 2>>"$cb_err$cb_run$cb_err_end"
  )
  cb_code=$?
  echo "$cb_code" || break
done
[ -z "$cb_run" ] || echo "$cb_code" >"$cb_dir$cb_run$cb_dir_end/exit" || true >"$cb_dir$cb_run$cb_dir_end/exit.$cb_code"`;
/** Nothing more will come. */
const FAREWELL = '\n';

const BURST_MS = 1000;
const IDLE_MS = 1000;
const REMEMBERED = 64;
/** Each holds two descriptors of ours, also while its child runs on and on. */
const MOST_SHIMS = 16;
const FACT = /^CADENCE_[A-Z_]+$/;
/** Variables of the shim: to read them would change what the program is told. */
const OWN = /^cb_/;
const ID = /^[\w.-]+$/;

export interface WarmShims {
  /**
   * Hands this run to a shim that waits for it, or to a new one that will wait for the next: then `announce` is called before
   * anything can start. Where the command has not ended lately, or this run cannot be handed over, it is started `alone`.
   */
  start(spec: SpawnSpec, folder: Stats, announce: (pid: number, identity: string | undefined) => void, alone: () => Shim): Shim;
  /** This run has left somebody behind in the group of its shim: it was the last of it. */
  retire(runId: string): void;
}

interface Warm {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly identity: string | undefined;
  readonly key: string;
  /** In its own environment: what is the same in a run needs not be told. */
  readonly facts: Facts;
  readonly stdin: Writable & Refable;
  readonly answers: Readable & Refable;
  /** The run that it has, or had last. */
  runId: string;
  end: ((end: ShimEnd) => void) | undefined;
  isRetired: boolean;
  timer: NodeJS.Timeout | undefined;
}

interface Refable {
  ref(): void;
  unref(): void;
}

export function createWarmShims(identityOf: (pid: number) => string | undefined): WarmShims {
  const idle = new Map<string, Warm>();
  const endedMs = new Map<string, number>();
  let alive = 0;

  function noteEnd(key: string): void {
    endedMs.delete(key);
    endedMs.set(key, performance.now());
    for (const oldest of endedMs.keys()) if (endedMs.size > REMEMBERED) endedMs.delete(oldest);
  }

  /** One end is the reason for one shim: of many that run at once each has its own. */
  function hasEndedLately(key: string): boolean {
    const atMs = endedMs.get(key);
    endedMs.delete(key);
    return atMs !== undefined && performance.now() - atMs <= BURST_MS;
  }

  function dismiss(warm: Warm): void {
    clearTimeout(warm.timer);
    warm.isRetired = true;
    if (idle.get(warm.key) === warm) idle.delete(warm.key);
    if (warm.end === undefined) warm.stdin.end(FAREWELL);
  }

  /** Whether this process stays for it. */
  function hold({ child, stdin, answers }: Warm, isHeld: boolean): void {
    for (const one of [child, stdin, answers]) {
      if (isHeld) one.ref();
      else one.unref();
    }
  }

  /** For the next owner, who may be another one in this very process, and waits for the file: the shim is to find us gone. */
  function leave(warm: Warm): void {
    hold(warm, false);
    dismiss(warm);
    if (warm.end === undefined) return;
    // Its end, and no farewell: also what it has told us already, and we have not read, is written down then.
    warm.stdin.destroy();
    warm.answers.destroy();
  }

  function rest(warm: Warm): void {
    hold(warm, false);
    if (warm.isRetired || idle.has(warm.key)) dismiss(warm);
    else {
      idle.set(warm.key, warm);
      warm.timer = setTimeout(() => dismiss(warm), IDLE_MS).unref();
    }
  }

  function finish(warm: Warm, end: ShimEnd): void {
    const told = warm.end;
    warm.end = undefined;
    told?.(end);
  }

  function followed(key: string, shim: Shim): Shim {
    void shim.ended.then(() => noteEnd(key));
    return shim;
  }

  function launch(key: string, { argv, cwd }: SpawnSpec, { env, facts, paths }: Order): Warm | undefined {
    const words = ['-c', WARM_SHIM, 'cadence-bus-shim', ...paths.flat(), ...argv];
    const child = spawn('/bin/sh', words, { cwd, env: { ...env, ...facts }, detached: true, stdio: ['pipe', 'pipe', 'ignore'] });
    // A child that could not be started says so here, and the run gets a shim of its own, which tells why.
    child.once('error', () => undefined);
    if (child.pid === undefined) return undefined;
    alive += 1;
    const [stdin, answers] = [child.stdin as unknown as Warm['stdin'], child.stdout as unknown as Warm['answers']];
    const identity = identityOf(child.pid);
    const warm: Warm = { child, pid: child.pid, identity, key, facts, stdin, answers, runId: '', end: undefined, isRetired: false, timer: undefined };
    // Who is written to and is gone, has ended: that is heard below.
    stdin.on('error', () => undefined);
    let heard = '';
    answers.setEncoding('utf8').on('data', (text: string) => {
      heard += text;
      if (!heard.endsWith('\n')) return;
      const code = Number(heard);
      heard = '';
      finish(warm, { kind: 'exited', code });
      rest(warm);
    });
    child.once('exit', (_code, signal) => {
      alive -= 1;
      dismiss(warm);
      finish(warm, { kind: 'killed', signal: String(signal) });
    });
    return warm;
  }

  return {
    start(spec, folder, announce, alone) {
      const order = process.platform === 'linux' ? orderOf(spec) : undefined;
      if (order === undefined) return alone();
      // A folder that was made anew under the same name is another one.
      const key = JSON.stringify([spec.argv, spec.cwd, folder.dev, folder.ino, order.env, order.paths]);
      const warm = idle.get(key) ?? (hasEndedLately(key) && alive < MOST_SHIMS ? launch(key, spec, order) : undefined);
      if (warm === undefined) return followed(key, alone());
      idle.delete(key);
      clearTimeout(warm.timer);
      warm.runId = spec.runId;
      announce(warm.pid, warm.identity);
      const ended = new Promise<ShimEnd>((end) => {
        warm.end = end;
      });
      hold(warm, true);
      warm.stdin.write(linesOf(spec.runId, order.facts, warm.facts));
      return followed(key, { pid: warm.pid, ended, retire: () => dismiss(warm), leave: () => leave(warm) });
    },
    retire(runId) {
      for (const warm of [...idle.values()]) if (warm.runId === runId) dismiss(warm);
    },
  };
}

type Facts = Readonly<Record<string, string>>;

/** What stands before the run id and what behind it. */
type Parts = readonly [string, string];

/** A run as a shim that has had others is told of it. */
interface Order {
  /** The same in each run of the command. */
  readonly env: Readonly<Record<string, string>>;
  /** Said of the one run. */
  readonly facts: Facts;
  /** Of the folder, of stdin, stdout and stderr. */
  readonly paths: readonly Parts[];
}

/** undefined: it is not made of words that a shell can be told in lines. */
function orderOf({ runId, env: all, runDir, stdinPath, stdoutPath, stderrPath }: SpawnSpec): Order | undefined {
  const env: Record<string, string> = {};
  const facts: Record<string, string> = {};
  for (const name in all) {
    if (name === RUN_TAG) continue;
    const value = all[name] as string;
    if (OWN.test(name)) return undefined;
    if (FACT.test(name)) {
      if (value.includes('\n')) return undefined;
      facts[name] = value;
    } else env[name] = value;
  }
  const paths = [partsOf(runDir, runId), stdinOf(stdinPath, runId), partsOf(stdoutPath, runId), partsOf(stderrPath, runId)];
  return ID.test(runId) && paths.every((parts) => parts !== undefined) ? { env, facts, paths } : undefined;
}

function partsOf(path: string, runId: string): Parts | undefined {
  const [head, tail, ...more] = path.split(runId);
  return head === undefined || tail === undefined || more.length > 0 ? undefined : [head, tail];
}

/** Without a second part it is the same file in each run. */
function stdinOf(path: string | undefined, runId: string): Parts | undefined {
  if (path === undefined) return ['/dev/null', ''];
  if (!path.includes(runId)) return [path, ''];
  const parts = partsOf(path, runId);
  return parts?.[1] === '' ? undefined : parts;
}

function linesOf(runId: string, facts: Facts, known: Facts): string {
  let lines = `${runId}\n`;
  for (const name in facts) if (facts[name] !== known[name]) lines += `${name}=${facts[name]}\n`;
  for (const name in known) if (facts[name] === undefined) lines += `${name}\n`;
  return `${lines}\n`;
}
