import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digits, inTurn, median, us } from '../figures.ts';
import { actor } from '../processes.ts';
import { type Bench, type Measure, type Row, ratio, value } from '../row.ts';

/** What it costs to read what a child says. */

/** As people look for: words, words in any case, at the beginning of a line, of several kinds, with a number. */
const PATTERNS = ['CUDA out of memory', '[Ll]oss=(?:nan|inf)', '^ERROR\\b', '(?:connection|socket) (?:refused|reset)', 'step (\\d+)/0\\b'];

/** The patterns are those of this row: no key of a cadence names any, a rule is asked about the message of a failure only. */
const OF_THIS_ROW = 'the patterns are of this row alone: a cadence names none for its output, its rules are asked about failures';

const output: Row = {
  id: 19,
  title: "a child's output through five patterns and the reader of traces",
  async run(bench) {
    const log = writeLog(bench);
    const read = (how: string) => () => seenBy(process.execPath, [actor('lines.mjs'), bench.product.library, how, log.path, ...PATTERNS], log);
    const python = () => seenBy('python3', [actor('lines.py'), log.path, ...PATTERNS], log);
    const hasPython = spawnSync('python3', ['-c', '0'], { stdio: 'ignore' }).status === 0;
    if (!hasPython) process.stderr.write('absent: a reader in Python: there is no python3\n');
    const seen: Readonly<Record<string, readonly Seen[]>> = await inTurn(bench.isQuick ? 1 : 5, {
      split: read('split'),
      patterns: read('patterns'),
      ours: read('ours'),
      ...(hasPython ? { python } : {}),
    });
    return [...measuresOf(seen, log), ...(hasPython ? [againstPython(seen)] : [])];
  },
};

interface Log {
  readonly path: string;
  readonly lines: number;
  readonly hits: number;
  readonly traces: number;
}

interface Seen {
  readonly lines: number;
  readonly hits?: number;
  readonly traces?: number;
  readonly wallMs: number;
  readonly cpuMs: number;
}

const TRACE = `Traceback (most recent call last):
  File "/srv/app/train.py", line 88, in <module>
    main()
  File "/srv/app/train.py", line 61, in step
    raise ValueError("bad batch")
ValueError: bad batch
`;

/** Of a program that trains: lines of a logger, some as JSON, and now and then a trace and a line that is looked for. */
function writeLog(bench: Bench): Log {
  const count = bench.count(500_000);
  const parts: string[] = [];
  let [lines, hits, traces] = [0, 0, 0];
  for (let n = 1; n <= count; n += 1) {
    const second = String(n % 60).padStart(2, '0');
    if (n % 1_000 === 0) {
      parts.push(TRACE);
      lines += 5;
      traces += 1;
    } else if (n % 1_000 === 500) {
      parts.push(`ERROR 07:00:${second} worker ${n % 8}: connection reset by peer\n`);
      hits += 2;
    } else if (n % 7 === 0) parts.push(`{"level":30,"time":${1_700_000_000_000 + n},"pid":4242,"msg":"request ${n} done","ms":${n % 97}}\n`);
    else parts.push(`2026-11-20 07:00:${second},123 INFO  train.loop step ${n}/900000 loss=0.${n % 9973} lr=3e-4 tokens/s=${1000 + (n % 511)}\n`);
    lines += 1;
  }
  const path = join(bench.ground.folder('output'), 'stdout.log');
  writeFileSync(path, parts.join(''));
  return { path, lines, hits, traces };
}

/** Between two pieces of the log a trace may be cut in two; all else must be found. */
function seenBy(program: string, words: readonly string[], { lines, hits, traces }: Log): Seen {
  const done = spawnSync(program, words, { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${words[0]} ended with ${done.status ?? done.signal}: ${done.stderr.slice(-2000)}`);
  const seen = JSON.parse(done.stdout) as Seen;
  const isWhole = seen.lines === lines && (seen.hits ?? hits) === hits && (seen.traces ?? traces) >= traces * 0.8;
  if (!isWhole) throw new Error(`${words[0]} saw ${done.stdout}, where there are ${lines} lines, ${hits} that are looked for and ${traces} traces`);
  return seen;
}

function measuresOf(seen: Readonly<Record<string, readonly Seen[]>>, { lines }: Log): readonly Measure[] {
  const [ours, split, bare] = [eachUs(seen.ours), eachUs(seen.split), eachUs(seen.patterns)];
  return [
    value(`${lines} lines: µs of CPU for each`, {
      ours: `${us(ours)}, ${pace(ours)}`,
      limit: `${pace(split)} split and nothing else`,
      value: ours,
      atMost: 2,
      note: OF_THIS_ROW,
    }),
    ratio('against a bare split and the patterns', {
      ours: pace(ours),
      limit: pace(bare),
      ratio: ours / bare,
      atMost: 2,
      note: `without a reader of traces; ${digits(ours / split)} times a split and nothing else`,
    }),
  ];
}

/** No reader that tries five patterns on every line costs less than to do just that. */
function againstPython(seen: Readonly<Record<string, readonly Seen[]>>): Measure {
  const [ours, theirs, bare] = [eachUs(seen.ours), eachUs(seen.python), eachUs(seen.patterns)];
  return ratio('against a line reader in Python with the same patterns and a reader of traces', {
    ours: pace(ours),
    limit: pace(theirs),
    ratio: ours / theirs,
    atMost: 1 / 10,
    floor: bare / theirs,
    note: `${digits(theirs / ours)} times faster; a bare split and the patterns, without a reader of traces, ${digits(theirs / bare)} times`,
  });
}

function eachUs(all: readonly Seen[] = []): number {
  return median(all.map(({ cpuMs, lines }) => (cpuMs * 1000) / lines));
}

function pace(each: number): string {
  return `${digits(1 / each)} M lines/s`;
}

export const OUTPUT_ROWS: readonly Row[] = [output];
