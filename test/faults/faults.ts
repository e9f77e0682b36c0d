import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readScript } from '../support/script.ts';
import { countCalls, INJECTIONS, type Injection, tryAt, whyNot } from './injection.ts';
import { failuresIn } from './reasons.ts';
import { whyNoClock } from './set-clock.ts';
import { soak } from './soak.ts';

const HELP = `Examples
  npm run faults                 every fault, as a table
  npm run faults -- --points 40  so many calls of each kind are hit (default 12), spread over all that the owner makes
  npm run faults -- injected     only rows whose name holds this word

Exit 1 where a promise was broken; that row says what was, and in which file all that was said of it lies. What cannot be
done on this machine is named as absent. FAULT_KILLS=500 makes the first of the long rows longer.
`;

interface Row {
  readonly fault: string;
  readonly happened: string;
  readonly verdict: 'held' | 'BROKEN' | 'absent';
  /** What was wrong, a line each. */
  readonly wrong?: readonly string[];
  /** All that was said. */
  readonly output?: string;
}

/** Faults that have a test of their own in every run: here they are harder, where they can be. */
interface Tested {
  readonly fault: string;
  readonly files: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly whyNot?: () => string | undefined;
}

const TESTED: readonly Tested[] = [
  { fault: 'kill -9 of the owner, again and again, under load', files: ['owner/kill-storm'], env: { FAULT_KILLS: process.env.FAULT_KILLS ?? '100' } },
  { fault: 'a disk that is full, and one that is read-only', files: ['owner/full-disk'] },
  { fault: 'folders and files without a right, garbage of 200 kinds, 100,000 files at once', files: ['bus/hostile'] },
  { fault: 'a stopped owner (SIGSTOP), and a second one beside it', files: ['owner/two-owners'] },
  { fault: 'children that ignore TERM, that leave others behind, that outlive their owner', files: ['owner/stopping', 'owner/adoption'] },
  { fault: 'the clock set forward by hours and back by more, under a living owner', files: ['faults/set-clock'], whyNot: whyNoClock },
  { fault: 'output without end', files: ['owner/output', 'platform/child-log'] },
  { fault: 'death after every changing call, twice in a row', files: ['crash/'] },
];

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** On a machine that has other work, too. */
const FILE_TIMEOUT_MS = String(45 * 60_000);
const script = readScript('faults', HELP, { points: { type: 'string' } });
const points = script.number('points', 1) ?? 12;
const filter = script.words;

/** The same few calls of a kind, spread over all of them. */
async function inject(injection: Injection): Promise<Row> {
  const fault = `injected: ${injection.fault} at a ${injection.calls}`;
  const reason = whyNot();
  if (reason !== undefined) return { fault, happened: reason, verdict: 'absent' };
  const [first, last] = await countCalls(injection);
  if (last < first) return { fault, happened: 'the owner made no such call, so nothing was tried', verdict: 'BROKEN' };
  const outcomes = new Map<string, number>();
  const wrong: string[] = [];
  const step = Math.max(1, (last - first + 1) / points);
  let hit = 0;
  for (let at = first; at <= last; at += step) {
    const trial = await tryAt(injection, Math.floor(at));
    if (!trial.isHit) continue;
    hit += 1;
    outcomes.set(trial.outcome, (outcomes.get(trial.outcome) ?? 0) + 1);
    for (const one of trial.wrong) wrong.push(`call ${trial.at}: ${one}`);
  }
  const told = [...outcomes].map(([outcome, times]) => `${times} ${outcome}`).join(', ');
  if (hit === 0) wrong.push('no call was hit, so nothing was tried');
  return { fault, happened: `${hit} of ${last - first + 1} calls hit: ${told}`, verdict: wrong.length === 0 ? 'held' : 'BROKEN', wrong };
}

function tested({ fault, files, env, whyNot: whyAbsent }: Tested): Promise<Row> {
  const reason = whyAbsent?.();
  if (reason !== undefined) return Promise.resolve({ fault, happened: reason, verdict: 'absent' });
  const child = spawn(process.execPath, ['test/support/run-tests.mjs', ...files], {
    cwd: ROOT,
    env: { ...process.env, FILE_TIMEOUT_MS, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const count = /^ℹ pass (\d+)$/m.exec(output)?.[1] ?? '0';
      const failed = failuresIn(output);
      const wrong = code === 0 ? [] : failed.length > 0 ? failed : [`it ended with ${code ?? signal} and named no test`];
      resolve({ fault, happened: `${count} tests passed (${files.join(', ')})`, verdict: code === 0 ? 'held' : 'BROKEN', wrong, output });
    });
  });
}

async function load(): Promise<Row> {
  const fault = 'a day of load in minutes: handles and memory stay flat';
  if (process.platform !== 'linux') return { fault, happened: 'there is no /proc here', verdict: 'absent' };
  const { ticks, children, handles, mib, mibPer100k, wrong } = await soak(4000);
  const figures = `${ticks} ticks, ${children} children: handles ${handles[0]} → ${handles[1]}, ${mib[0].toFixed(0)} → ${mib[1].toFixed(0)} MiB`;
  const grows = handles[1] > handles[0] + 2 || mib[1] > mib[0] * 1.25 + 8;
  return { fault, happened: `${figures} (${mibPer100k.toFixed(1)} MiB per 100,000)`, verdict: grows || wrong.length > 0 ? 'BROKEN' : 'held', wrong };
}

/** One line of a table. */
const inCell = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|');

let folder: string | undefined;

/** The first three in the table; all of it in a file, which stays. */
function told({ fault, happened, verdict, wrong = [], output = '' }: Row): string {
  if (verdict !== 'BROKEN') return happened;
  folder ??= mkdtempSync(join(tmpdir(), 'cadence-bus-faults-'));
  const path = join(folder, `${fault.replaceAll(/[^a-z0-9]+/gi, '-').slice(0, 60)}.log`);
  writeFileSync(path, [fault, happened, ...wrong, '', output, ''].join('\n'));
  const first = wrong.slice(0, 3).map((one) => (one.length > 300 ? `${one.slice(0, 300)} …` : one));
  return [happened, ...first, `all of it: ${path}`].join('; ');
}

/** What a row cannot tell by itself is told for it: the rows after it are worth their while all the same. */
async function runRow({ fault, run }: (typeof rows)[number]): Promise<Row> {
  try {
    return await run();
  } catch (error) {
    const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { fault, happened: 'it could not be tried to its end', verdict: 'BROKEN', wrong: [words.split('\n', 1)[0] as string], output: words };
  }
}

const rows: readonly { readonly fault: string; run(): Promise<Row> }[] = [
  ...INJECTIONS.map((injection) => ({ fault: `injected: ${injection.fault} at a ${injection.calls}`, run: () => inject(injection) })),
  ...TESTED.map((test) => ({ fault: test.fault, run: () => tested(test) })),
  { fault: 'a day of load in minutes', run: load },
];
let broken = 0;
process.stdout.write('| fault | what happened | verdict |\n|---|---|---|\n');
for (const row of rows.filter(({ fault }) => filter.every((word) => fault.includes(word)))) {
  const done = await runRow(row);
  if (done.verdict === 'BROKEN') broken += 1;
  process.stdout.write(`| ${done.fault} | ${inCell(told(done))} | ${done.verdict} |\n`);
}
process.exitCode = broken === 0 ? 0 : 1;
