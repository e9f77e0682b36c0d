import { readdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { CERTIFICATES } from '../certificates.ts';
import { inTurn, median, ms } from '../figures.ts';
import { type Took, time } from '../processes.ts';
import { makeRoot, NOOP, type Root } from '../product.ts';
import { type Bench, type Measure, type Row, ratio } from '../row.ts';

/** What one command costs, start-up and all. */

/** A process is started by a shell's loop, so that what starts it costs as little as can be, and the same for both. */
function loopOf(count: number, command: string): readonly string[] {
  return ['-c', `i=0; while [ $i -lt ${count} ]; do ${command} >/dev/null; i=$((i+1)); done`];
}

const enqueue: Row = {
  id: 1,
  title: 'one enqueue command (bin/enqueue)',
  async run(bench) {
    const root = makeRoot(bench.ground.folder('enqueue'));
    root.define('flat', root.handler('noop', NOOP));
    const count = bench.count(100);
    const [empty, creates] = [join(root.dir, 'empty'), join(root.dir, 'creates')];
    writeFileSync(empty, '#!/bin/sh\n', { mode: 0o755 });
    writeFileSync(creates, CREATES, { mode: 0o755 });
    const env = { ENQUEUE: bench.product.enqueue, EMPTY: empty, CREATES: creates, CADENCE_ROOT: root.dir };
    const loop = (command: string) => () => time('/bin/sh', loopOf(count, command), env);
    const filling = (command: string) => () => {
      const one = loop(command)();
      const files = readdirSync(root.paths.inbox);
      if (files.length !== count) throw new Error(`${files.length} ticks lie in the inbox, not ${count}`);
      for (const file of files) unlinkSync(join(root.paths.inbox, file));
      return one;
    };
    const took = await inTurn(bench.count(31, 2), {
      limit: loop('/bin/sh -c :'),
      empty: loop('"$EMPTY"'),
      least: filling('"$CREATES" flat'),
      ours: filling('"$ENQUEUE" flat'),
    });
    return [
      compare('enqueue flat', took.ours, took.limit, { each: count, atMost: 1.15, limit: 'sh -c :', least: took.least, aboveFloor: 1.1 }),
      compare('the same against a script file with nothing in it', took.ours, took.empty, { each: count, atMost: 1.25, limit: 'an empty script' }),
    ];
  },
};

/** The least that a shell can do for what is promised of a tick: one way to ask, no root but the one that is named, and no word on what fails. */
const CREATES = `#!/bin/sh
LC_ALL=C
umask 077
set -Cf
trap '' XFSZ PIPE
case $1 in ? | -* | *- | *[!a-z0-9-]*) exit 65 ;; esac
file=$CADENCE_ROOT/state/cadence-bus/inbox/$1.$$-1.json
[ -d "$CADENCE_ROOT/cadences" ] && [ ! -e "$file" ] || exit 66
{ printf '{"cadence":"%s","source":"sh"}\\n' "$1" >"$file" || exit 74; } 2>&-
printf 'enqueued %s %s\\n' "$1" "$file"
`;

interface Asked {
  readonly each?: number;
  readonly atMost: number;
  /** What the limit is. */
  readonly limit: string;
  /** The floor, and how many times it may be. */
  readonly least?: readonly Took[];
  readonly aboveFloor?: number;
}

function compare(workload: string, ours: readonly Took[], limit: readonly Took[], { each = 1, atMost, limit: name, least, aboveFloor }: Asked): Measure {
  const wall = (all: readonly Took[]): number => median(all.map(({ wallMs }) => wallMs)) / each;
  const cpu = (all: readonly Took[]): number => all.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / all.length / each;
  return ratio(workload, {
    ours: ms(wall(ours)),
    limit: `${ms(wall(limit))} ${name}`,
    ratio: wall(ours) / wall(limit),
    atMost,
    ...(least !== undefined && { floor: wall(least) / wall(limit) }),
    ...(aboveFloor !== undefined && { aboveFloor }),
    note: `${ms(wall(ours) - wall(limit))} more; CPU ${ms(cpu(ours))} against ${ms(cpu(limit))}: ${(cpu(ours) / cpu(limit)).toFixed(2)}x`,
  });
}

async function verbs(
  bench: Bench,
  root: Root,
  rounds: number,
  lines: Readonly<Record<string, { words: readonly string[]; atMost: number }>>,
  surroundings: Readonly<Record<string, string>> = {},
): Promise<readonly Measure[]> {
  const env = { ...surroundings, CADENCE_ROOT: root.dir };
  const floor = (): Took => time(process.execPath, ['-e', '0'], env);
  const ours = Object.fromEntries(Object.entries(lines).map(([name, { words }]) => [name, () => time(process.execPath, [bench.product.bin, ...words], env)]));
  const took = await inTurn(rounds, { floor, ...ours });
  return Object.entries(lines).map(([name, { atMost }]) => compare(name, took[name as 'floor'], took.floor, { atMost, limit: 'node -e 0' }));
}

/** A root where something is defined and something has run. */
function usedRoot(bench: Bench): Root {
  const root = makeRoot(bench.ground.folder('verbs'));
  for (const name of ['flat', 'other', 'third']) root.define(name, root.handler('noop', NOOP));
  return root;
}

const reading: Row = {
  id: 2,
  title: 'node commands that read',
  async run(bench) {
    const root = usedRoot(bench);
    await rest(bench, root);
    const lines = {
      status: { words: ['status'], atMost: 1.3 },
      'doctor --json': { words: ['doctor', '--json'], atMost: 1.3 },
      runs: { words: ['runs'], atMost: 1.3 },
      'enqueue --dry-run': { words: ['enqueue', 'flat', '--dry-run'], atMost: 1.3 },
    };
    if (CERTIFICATES === undefined) return verbs(bench, root, bench.count(25, 3), lines);
    const withThem = await verbs(bench, root, bench.count(25, 3), lines, CERTIFICATES);
    const without = await verbs(bench, root, bench.count(25, 3), lines);
    return [...withThem, ...without.map((measure) => ({ ...measure, workload: `${measure.workload}, no certificates to read`, target: LEAST_NODE }))];
  },
};

/**
 * The target was set where `node -e 0` took 56 ms, most of which goes into the certificates that NODE_EXTRA_CA_CERTS names there. A
 * node without them takes 22: what ours adds is the same, and the ratio another, which has a limit of its own.
 */
const LEAST_NODE = 1.6;

/** Nobody has edited a definition in the last seconds, as it mostly is: then what was read of them is kept (lib/config/definition-cache.ts). */
async function rest(bench: Bench, root: Root): Promise<void> {
  await setTimeout(3_500);
  time(process.execPath, [bench.product.bin, 'list'], { CADENCE_ROOT: root.dir });
}

const helping: Row = {
  id: 17,
  title: '--help and --version',
  run: (bench) =>
    verbs(bench, usedRoot(bench), bench.count(25, 3), {
      '--help': { words: ['--help'], atMost: 1.3 },
      '--version': { words: ['--version'], atMost: 1.3 },
    }),
};

export const COMMAND_ROWS: readonly Row[] = [enqueue, reading, helping];
export { verbs };
