import { type ChildProcess, spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { devNull } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import type { SpawnSpec } from '../ports.ts';
import type { Shim, ShimEnd } from './child-start.ts';

/**
 * A shim that runs the next child of the same command too. To fork this process and to start a shell is more than half of
 * what a short command costs, and it stops the event loop meanwhile; so where a command comes again within a second of its
 * end, its second shim stays, and is told of each further run in a few lines on its stdin. It does what every shim does: it outlives us,
 * writes `pid` and `exit`, and is alone in its session with its child. It ends when its stdin does, which is when we are
 * gone, or when it has had nothing to do for a second.
 *
 * The program, its folder and its environment are the shim's own, so nothing of them is ever written down or quoted; what
 * differs from run to run are paths of ours and facts about the run, one a line.
 */
const WARM_SHIM = `trap : HUP INT QUIT TERM USR1 USR2 PIPE
while IFS= read -r cb_dir && IFS= read -r cb_in && IFS= read -r cb_out && IFS= read -r cb_err; do
  (
    while IFS= read -r cb_fact && [ "$cb_fact" ]; do export "$cb_fact"; done
    while read -r cb_key cb_pid && [ "$cb_key" != Tgid: ]; do :; done </proc/self/status
    echo "$cb_pid" >"$cb_dir/pid"
    exec "$@" <"$cb_in" >>"$cb_out" 2>>"$cb_err" 3>&-
  )
  cb_code=$?
  echo "$cb_code" >"$cb_dir/exit"
  echo "$cb_code" >&3
done`;

const BURST_MS = 1000;
const IDLE_MS = 1000;
const REMEMBERED = 64;
/** Each holds two descriptors of ours, also while its child runs on and on. */
const MOST_SHIMS = 16;
const FACT = /^CADENCE_[A-Z_]+$/;

export interface WarmShims {
  /**
   * Hands this run to a shim that waits for it, or to a new one that will wait for the next: then `announce` is called before
   * anything can start. Where the command has not ended lately, or this run cannot be handed over, it is started `alone`.
   */
  start(spec: SpawnSpec, announce: (pid: number) => void, alone: () => Shim): Shim;
  /** This run has left somebody behind in the group of its shim: it was the last of it. */
  retire(runId: string): void;
}

interface Warm {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly key: string;
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

export function createWarmShims(): WarmShims {
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
    if (warm.end === undefined) warm.stdin.end();
  }

  /** Whether this process stays for it. */
  function hold({ child, stdin, answers }: Warm, isHeld: boolean): void {
    for (const one of [child, stdin, answers]) {
      if (isHeld) one.ref();
      else one.unref();
    }
  }

  function leave(warm: Warm): void {
    hold(warm, false);
    dismiss(warm);
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

  function launch(key: string, { argv, cwd }: SpawnSpec, env: Readonly<Record<string, string>>): Warm | undefined {
    const child = spawn('/bin/sh', ['-c', WARM_SHIM, 'cadence-bus-shim', ...argv], { cwd, env, detached: true, stdio: ['pipe', 'ignore', 'ignore', 'pipe'] });
    // A child that could not be started says so here, and the run gets a shim of its own, which tells why.
    child.once('error', () => undefined);
    if (child.pid === undefined) return undefined;
    alive += 1;
    const [stdin, answers] = [child.stdin as unknown as Warm['stdin'], child.stdio[3] as unknown as Warm['answers']];
    const warm: Warm = { child, pid: child.pid, key, stdin, answers, runId: '', end: undefined, isRetired: false, timer: undefined };
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
    start(spec, announce, alone) {
      const [env, facts] = parted(spec.env);
      const lines = [spec.runDir, spec.stdinPath ?? devNull, spec.stdoutPath, spec.stderrPath, ...facts.map(([name, value]) => `${name}=${value}`)];
      if (process.platform !== 'linux' || lines.some((line) => line.includes('\n') || line === '')) return alone();
      // A folder that was made anew under the same name is another one.
      const folder = statSync(spec.cwd, { throwIfNoEntry: false });
      const key = JSON.stringify([spec.argv, spec.cwd, folder?.dev, folder?.ino, env]);
      const warm = idle.get(key) ?? (hasEndedLately(key) && alive < MOST_SHIMS ? launch(key, spec, env) : undefined);
      if (warm === undefined) return followed(key, alone());
      idle.delete(key);
      clearTimeout(warm.timer);
      warm.runId = spec.runId;
      announce(warm.pid);
      const ended = new Promise<ShimEnd>((end) => {
        warm.end = end;
      });
      hold(warm, true);
      warm.stdin.write(`${lines.join('\n')}\n\n`);
      return followed(key, { pid: warm.pid, ended, retire: () => dismiss(warm), leave: () => leave(warm) });
    },
    retire(runId) {
      for (const warm of [...idle.values()]) if (warm.runId === runId) dismiss(warm);
    },
  };
}

/** What is the same in each run of a command, and what is said of the one run. */
function parted(env: Readonly<Record<string, string>>): readonly [Readonly<Record<string, string>>, readonly (readonly [string, string])[]] {
  const all = Object.entries(env);
  return [Object.fromEntries(all.filter(([name]) => !FACT.test(name))), all.filter(([name]) => FACT.test(name))];
}
