import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { takeAudit } from '../../lib/app/answers/audit.ts';
import { createReading } from '../../lib/app/reading.ts';
import { isFinal } from '../../lib/core/run.ts';
import { createProducer } from '../../lib/platform/producer.ts';
import { type CliEnd, childrenOf, killQuietly, startCli } from '../support/owner-cli.ts';

/** What the system does to the n-th call of a kind that the owner's main thread makes. */
export interface Injection {
  /** As strace names them; several kinds may be one call of Node's. */
  readonly calls: string;
  /** `error=EIO`, `signal=KILL`. */
  readonly fault: string;
  /** Only in the logs of runs and events: Node wakes its own threads with such calls, and does not live without them. */
  readonly isOfLogs?: true;
}

export const INJECTIONS: readonly Injection[] = [
  { calls: 'rename', fault: 'error=EIO' },
  { calls: 'rename', fault: 'signal=KILL' },
  { calls: 'fsync', fault: 'error=EIO' },
  { calls: 'fsync', fault: 'signal=KILL' },
  { calls: 'write', fault: 'error=ENOSPC', isOfLogs: true },
  { calls: 'write', fault: 'signal=KILL', isOfLogs: true },
  { calls: 'openat', fault: 'error=EMFILE' },
  { calls: 'openat', fault: 'error=EIO' },
  { calls: 'openat', fault: 'signal=KILL' },
  { calls: 'unlink', fault: 'error=EIO' },
  { calls: 'unlink', fault: 'signal=KILL' },
  { calls: 'mkdir', fault: 'error=ENOSPC' },
  { calls: 'fdatasync', fault: 'error=EIO' },
  { calls: 'openat', fault: 'error=EINTR' },
  { calls: 'fsync', fault: 'error=EINTR' },
  { calls: 'write', fault: 'error=EINTR', isOfLogs: true },
];

export type Outcome = 'went on' | 'ended and said so' | 'killed';

export interface Trial {
  /** Which call it hit, of how many. */
  readonly at: number;
  readonly outcome: Outcome;
  /** The system says so itself; this owner may have made fewer calls than the one that was counted. */
  readonly isHit: boolean;
  /** Empty: nothing was lost, doubled or left open. */
  readonly wrong: readonly string[];
}

/** undefined: faults can be injected here; else why not. */
export function whyNot(): string | undefined {
  if (process.platform !== 'linux') return `strace is for Linux, and this is ${process.platform}`;
  const { status, error } = spawnSync('strace', ['-qq', '-o', '/dev/null', '-e', 'trace=none', '-e', 'inject=fsync:error=EIO:when=1', 'true'], {
    timeout: 10_000,
  });
  if (error !== undefined) return 'strace is not installed';
  return status === 0 ? undefined : 'strace may not trace here';
}

const TICKS: readonly (readonly [string, number])[] = [
  ['good', 4],
  ['flaky', 3],
  ['broken', 3],
  ['handler', 4],
];

/** A root with ticks for an owner, and what it is asked afterwards. */
async function furnish(): Promise<{ readonly root: string; readonly ids: readonly string[] }> {
  const root = realpathSync.native(mkdtempSync(join(tmpdir(), 'cb-faults-')));
  mkdirSync(`${root}/cadences`);
  const put = (name: string, text: string): void => writeFileSync(`${root}/cadences/${name}.yaml`, text);
  const retry = 'retry: { attempts: 2, delays: [1ms], jitter: 0 }\nbreaker: { failures: 1000 }\n';
  put('good', `run: { command: ["true"] }\n${retry}`);
  put('flaky', `run: { command: 'test "$CADENCE_ATTEMPT" -ge 2', shell: true }\n${retry}`);
  put('broken', `run: { command: ["false"] }\n${retry}`);
  put('handler', `run: { inline: ./handler.mjs }\n${retry}`);
  writeFileSync(`${root}/handler.mjs`, 'export default async () => "done";\n');
  writeFileSync(`${root}/cadences/handler.mjs`, 'export default async () => "done";\n');
  const producer = createProducer({ root });
  const ids: string[] = [];
  for (const [cadence, count] of TICKS) for (let n = 0; n < count; n += 1) ids.push((await producer.enqueue(cadence, { source: 'faults', payload: n })).tick);
  return { root, ids };
}

/** What takes longer than this hangs, and is killed. */
const HANGS_AFTER_MS = 60_000;

async function drain(root: string, prelude?: string): Promise<CliEnd & { readonly hung: boolean }> {
  const owner = startCli(['start', '--drain', '--root', root], prelude === undefined ? {} : { prelude });
  let hung = false;
  const timer = globalThis.setTimeout(() => {
    hung = true;
    killQuietly(owner.pid);
  }, HANGS_AFTER_MS);
  const end = await owner.ended;
  clearTimeout(timer);
  return { ...end, hung };
}

/** What of the owner's calls strace is to look at. fdatasync is made by threads of its own. */
function traced({ calls, isOfLogs }: Injection, root: string): string {
  const day = new Date().toISOString().slice(0, 10);
  const logs = isOfLogs ? ['runs', 'journal'].map((log) => ` -P ${root}/state/cadence-bus/${log}/${day}.jsonl`).join('') : '';
  return `-D -qq${calls === 'fdatasync' ? ' -f' : ''}${logs} -e trace=${calls}`;
}

/** How many calls of this kind are made from the first that concerns the root on: `[first, last]`. */
export async function countCalls(injection: Injection): Promise<readonly [number, number]> {
  const { root } = await furnish();
  const trace = `${root}.trace`;
  try {
    await drain(root, `exec strace ${traced(injection, root)} -y -o ${trace} "$0" "$@"`);
    const lines = readFileSync(trace, 'utf8')
      .split('\n')
      .filter((line) => /^(?:\d+ +)?\w+\(/.test(line));
    const first = lines.findIndex((line) => line.includes(root));
    return [Math.max(1, first + 1), lines.length];
  } finally {
    remove(root);
    rmSync(trace, { force: true });
  }
}

/** One owner under the fault, then one without; then everything must have come to its end. */
export async function tryAt(injection: Injection, at: number): Promise<Trial> {
  const { root, ids } = await furnish();
  const { calls, fault } = injection;
  const trace = `${root}.trace`;
  try {
    const end = await drain(root, `exec strace ${traced(injection, root)} -o ${trace} -e inject=${calls}:${fault}:when=${at} "$0" "$@"`);
    const outcome: Outcome = end.signal !== null ? 'killed' : end.code === 0 ? 'went on' : 'ended and said so';
    const wrong = end.hung
      ? ['it hung']
      : end.code !== 0 && end.signal === null && end.stderr.trim() === ''
        ? [`it ended with ${end.code} and said nothing`]
        : [];
    const isHit = outcome === 'killed' || readFileSync(trace, 'utf8').includes('(INJECTED)');
    // Children that outlived a killed owner end first, as they do for the next owner.
    const next = await drainLate(root, ids);
    if (next.code !== 0) wrong.push(`the next owner ended with ${next.code}: ${next.stderr.trim().slice(0, 200)}`);
    return { at, outcome, isHit, wrong: [...wrong, ...openQuestions(root, ids)] };
  } finally {
    remove(root);
    rmSync(trace, { force: true });
  }
}

const LATE_ROUNDS = 3;

/** What could not begin is tried again a second later, and a drain runs what is due: so it is drained again then. */
async function drainLate(root: string, ids: readonly string[]): Promise<CliEnd> {
  for (let round = 1; ; round += 1) {
    const end = await drain(root);
    const late = createReading(root)
      .names('waiting')
      .filter(({ id, dueMs }) => ids.includes(id) && dueMs > Date.now());
    if (end.code !== 0 || late.length === 0 || round === LATE_ROUNDS) return end;
    await setTimeout(Math.max(...late.map(({ dueMs }) => dueMs)) - Date.now());
  }
}

function openQuestions(root: string, ids: readonly string[]): readonly string[] {
  const { missing, doubled } = takeAudit(root);
  const { history, foreign, leftAlone, names } = createReading(root);
  // What the program does for itself (bus-…) may be tried again later.
  const left = (['inbox', 'waiting', 'claimed'] as const).flatMap((folder) =>
    names(folder)
      .filter(({ id }) => ids.includes(id))
      .map(({ id }) => `${folder}/${id}`),
  );
  const open = ids.filter((id) => {
    const run = history.find(id);
    return run === undefined || !isFinal(run.status);
  });
  return [
    ...missing.map((id) => `${id} is missing`),
    ...doubled.map((id) => `${id} lies in two places`),
    ...open.map((id) => `${id} has not ended`),
    ...left.map((path) => `${path} is left`),
    ...[...foreign(), ...leftAlone()].map((file) => `inbox/${file} is left`),
  ];
}

function remove(root: string): void {
  for (const pid of childrenOf(root)) killQuietly(pid);
  rmSync(root, { recursive: true, force: true });
}
