import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { probeOwner } from '../../lib/platform/control.ts';
import { eventually } from '../support/eventually.ts';
import { isAlive, killQuietly } from '../support/owner-cli.ts';
import { tempRoot } from '../support/temp-root.ts';
import { createYard, list, readIfThere, type Yard } from './owner-yard.ts';

const HELD = 20;
const HEALTHY = 1_000;
/** A process that is traced runs many times slower. */
const TRACED_LIMIT_MS = 120_000;
/** How long an owner is watched that has nothing to do. */
const WINDOW_MS = 2_500;

/** A cadence whose first tick opens its breaker, and the ids of the others, which lie in waiting then. */
async function holdSome(yard: Yard): Promise<readonly string[]> {
  yard.inline('broken', 'throw new Error("no");', 'retry: { attempts: 1 }', 'breaker: { failures: 1, open: 1h }');
  const ids = await Promise.all(Array.from({ length: HELD + 1 }, () => yard.enqueue('broken')));
  const [dead] = (await eventually(
    'one is dead, and the others wait',
    () => yard.ls('dlq').length === 1 && yard.ls('waiting').length === HELD && yard.ls('dlq'),
  )) as string[];
  await eventually('the breaker is told', () => yard.events('circuit_opened')[0]);
  return ids.filter((id) => !dead?.includes(id));
}

/** What the folder of waiting ticks says without being touched: names, inodes, times of change. */
const imprint = (yard: Yard): string =>
  yard
    .ls('waiting')
    .map((file) => {
      const { ino, ctimeMs } = statSync(join(yard.paths.waiting, file));
      return `${file} ${ino} ${ctimeMs}`;
    })
    .join('\n');

const journalText = (yard: Yard): string =>
  list(yard.paths.journal)
    .map((file) => readFileSync(join(yard.paths.journal, file), 'utf8'))
    .join('');

/** Every system call that names a file, as strace tells it; undefined where there is no strace or it is forbidden. */
async function trace(pid: number): Promise<{ readonly stop: () => Promise<string> } | undefined> {
  if (spawnSync('strace', ['-V']).status !== 0) return undefined;
  // Not in the root: the owner watches it, and would be woken by what is told of it.
  const path = join(tempRoot(), 'strace.txt');
  const strace = spawn('strace', ['-f', '-s', '4096', '-e', 'trace=%file', '-o', path, '-p', String(pid)], { stdio: ['ignore', 'ignore', 'pipe'] });
  after(() => killQuietly(strace.pid as number));
  let said = '';
  strace.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const isRefused = await eventually('strace has attached', () => /ot permitted/.test(said) || /attached/.test(said)).then(() => /ot permitted/.test(said));
  if (isRefused) return undefined;
  return {
    async stop() {
      strace.kill('SIGINT');
      await eventually('strace has ended', () => strace.exitCode !== null || strace.signalCode !== null);
      return readFileSync(path, 'utf8');
    },
  };
}

interface Cost {
  readonly writes: number;
  readonly wakeups: number;
}

/** What a process has done up to now: its writes, and how often its threads woke up. Where there is no /proc, the newest change of its files. */
function costOf(yard: Yard, pid: number): Cost {
  if (!existsSync('/proc/self/io')) return { writes: newestChange(yard.root), wakeups: 0 };
  const writes = Number(/^syscw: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
  const switches = readdirSync(`/proc/${pid}/task`).map((task) =>
    Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(readIfThere(`/proc/${pid}/task/${task}/status`))?.[1] ?? 0),
  );
  return { writes, wakeups: switches.reduce((sum, count) => sum + count, 0) };
}

function newestChange(dir: string): number {
  return Math.max(...readdirSync(dir, { recursive: true, encoding: 'utf8' }).map((path) => statSync(join(dir, path)).mtimeMs));
}

describe('a held tick', () => {
  it('is named by no system call and no line while 1,000 healthy ticks of another cadence run', async () => {
    const yard = createYard();
    yard.inline('healthy', 'return "done";');
    const owner = await yard.start();
    const held = await holdSome(yard);
    const before = { imprint: imprint(yard), journal: journalText(yard).length };
    const traced = await trace(owner.pid);
    await Promise.all(Array.from({ length: HEALTHY }, () => yard.enqueue('healthy')));
    await eventually('all healthy ones are taken in', () => yard.ls('inbox').length === 0, TRACED_LIMIT_MS);
    await eventually('all healthy ones have run', () => yard.ls('waiting').length === HELD && yard.ls('claimed').length === 0, TRACED_LIMIT_MS);
    assert.equal(yard.records().filter((run) => run.cadence === 'healthy').length, HEALTHY);
    const calls = (await traced?.stop()) ?? '';
    assert.deepEqual(
      calls.split('\n').filter((line) => held.some((id) => line.includes(id))),
      [],
    );
    if (traced !== undefined) assert.ok(calls.includes('healthy'), 'strace saw the others');
    assert.equal(imprint(yard), before.imprint);
    const told = journalText(yard).slice(before.journal);
    assert.deepEqual(
      held.filter((id) => told.includes(id)),
      [],
    );
    assert.ok(isAlive(owner.pid));
  });

  it('costs neither a write nor a wakeup while nothing else is to be done', async () => {
    const yard = createYard();
    const owner = await yard.start();
    await holdSome(yard);
    const before = imprint(yard);
    // The owner has its last words first, and a platform turns over in its sleep: some window must be quite still.
    await eventually('nothing happens at all', async () => {
      const from = costOf(yard, owner.pid);
      await pause(WINDOW_MS);
      const now = costOf(yard, owner.pid);
      return now.writes === from.writes && now.wakeups - from.wakeups <= 2;
    });
    assert.equal(imprint(yard), before);
  });
});

describe('the sign of life of an owner', () => {
  it('M27 is its socket, which answers, and no heartbeat: nobody writes and nobody wakes up for it', async () => {
    const yard = createYard();
    const owner = await yard.start();
    await eventually('nothing happens at all', async () => {
      const from = costOf(yard, owner.pid);
      await pause(WINDOW_MS);
      const now = costOf(yard, owner.pid);
      return now.writes === from.writes && now.wakeups - from.wakeups <= 2;
    });
    const before = { journal: journalText(yard), owner: statSync(yard.paths.owner).mtimeMs };
    const seen = async (withinMs?: number): Promise<string> => (await probeOwner(yard.root, withinMs)).kind;
    assert.equal(await seen(60_000), 'answers');
    assert.deepEqual({ journal: journalText(yard), owner: statSync(yard.paths.owner).mtimeMs }, before);
    process.kill(owner.pid, 'SIGSTOP');
    assert.equal(await seen(), 'silent');
    process.kill(owner.pid, 'SIGCONT');
    await eventually('it answers again', async () => (await seen()) === 'answers');
    process.kill(owner.pid, 'SIGKILL');
    await owner.ended;
    assert.equal(await seen(), 'none');
  });
});
