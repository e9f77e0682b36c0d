import { NAMES, SCHEDULED, WIDE_NAMES } from './cast.ts';
import { type Chance, createChance } from './world/chance.ts';

/** Something that happens to the machine. All that a step needs stands in it, so a story can be told without some of its steps. */
export type Step =
  | { readonly do: 'enqueue'; readonly cadence: string; readonly id: string; readonly how: 'synced' | 'dropped' | 'foreign'; readonly more: Fields }
  | { readonly do: 'batch'; readonly id: string; readonly ticks: readonly { readonly cadence: string; readonly id: string }[] }
  /** A batch of all kinds of lines, most of which run in place. */
  | { readonly do: 'lines'; readonly id: string; readonly lines: readonly BatchLine[] }
  | { readonly do: 'garbage'; readonly file: string; readonly text: string }
  | { readonly do: 'pass' | 'sleep' | 'jump'; readonly ms: number }
  /** The process dies, or the machine, at the n-th changing call from now; after a while it is started again. */
  | { readonly do: 'die'; readonly after: number; readonly isCut: boolean; readonly downMs: number }
  | { readonly do: 'stop'; readonly downMs: number }
  | { readonly do: 'freeze'; readonly ms: number }
  | { readonly do: 'second owner' }
  | { readonly do: 'disk'; readonly kind: 'full' | 'low' | 'read-only' | 'dying'; readonly ms: number }
  | { readonly do: 'refuse'; readonly after: number; readonly errno: string }
  | { readonly do: 'edit'; readonly cadence: string; readonly to: 'broken' | 'disabled' | 'gone' | 'whole' | 'other' }
  | { readonly do: 'order'; readonly id: string; readonly payload: Fields }
  | { readonly do: 'halt'; readonly is: boolean }
  | { readonly do: 'sink'; readonly is: 'well' | 'ill' | 'busy' | 'silent' }
  | HandsStep;

/** What is done beside the bus. `at`: to which of many, counted round. */
export type HandsStep =
  /** A timer of the system. */
  | { readonly do: 'hint'; readonly cadence: string }
  /** mv dlq/X inbox/ */
  | { readonly do: 'revive'; readonly at: number }
  | { readonly do: 'remove'; readonly from: 'inbox' | 'waiting'; readonly at: number }
  /** An owner for one cadence, or for orders alone. */
  | { readonly do: 'own shortly'; readonly only: string | undefined; readonly ms: number }
  | { readonly do: 'take over' };

type Fields = Readonly<Record<string, unknown>>;

export interface BatchLine {
  readonly cadence: string;
  readonly id: string;
  readonly key?: string;
  readonly inMs?: number;
  readonly isBad?: boolean;
}

export interface Story {
  readonly seed: number;
  /** With more cadences, and with people and timers beside the bus. */
  readonly isWide?: boolean;
  readonly steps: readonly Step[];
}

const SECOND = 1000;
const MINUTE = 60_000;
const HOUR = 3_600_000;

/** From here on stories are wide; those before are told as ever, for some of them are kept as tests. */
export const FIRST_WIDE = 6_000_000;

export function storyOf(seed: number): Story {
  const chance = createChance('story', seed);
  const isWide = seed >= FIRST_WIDE;
  const pen: Pen = { chance, ids: [], names: isWide ? WIDE_NAMES : NAMES };
  const steps = Array.from({ length: chance.int(4, 36) }, () => (isWide && chance.is(0.15) ? hand(pen) : stepBy(pen)));
  return { seed, ...(isWide ? { isWide } : {}), steps: withLines(steps, seed, pen) };
}

/** Who tells a story: the ids that were given so far, and the cadences that are there. */
interface Pen {
  readonly chance: Chance;
  readonly ids: string[];
  readonly names: readonly string[];
}

function hand({ chance, names }: Pen): Step {
  return chance.pick<() => Step>([
    () => ({ do: 'hint', cadence: chance.pick(SCHEDULED) }),
    () => ({ do: 'hint', cadence: chance.pick(names) }),
    () => ({ do: 'revive', at: chance.int(0, 20) }),
    () => ({ do: 'remove', from: chance.pick(['inbox', 'waiting']), at: chance.int(0, 20) }),
    () => ({ do: 'own shortly', only: chance.is(0.3) ? undefined : chance.pick(names), ms: duration(chance, 10 * MINUTE) }),
    () => ({ do: 'take over' }),
  ])();
}

/** Half of the stories have batches besides, right before something that may end the owner, or anywhere. */
function withLines(steps: readonly Step[], seed: number, { ids, names }: Pen): readonly Step[] {
  const chance = createChance('lines', seed);
  if (chance.is(0.5)) return steps;
  return steps.flatMap((step) => {
    if (!chance.is(step.do === 'die' ? 0.6 : 0.1)) return [step];
    const more: Step[] = [
      lines({ chance, ids, names }),
      ...(chance.is(0.1) ? [{ do: 'edit' as const, cadence: 'quick', to: chance.pick(['disabled', 'whole'] as const) }] : []),
    ];
    if (step.do === 'die' && chance.is(0.5)) return [{ ...step, after: chance.int(1, 60) }, ...more];
    return [...more, step];
  });
}

function lines({ chance, ids, names }: Pen): Step {
  const count = chance.is(0.1) ? chance.int(100, 300) : chance.int(1, 20);
  const all = Array.from({ length: count }, (): BatchLine => {
    const cadence = chance.is(0.85) ? chance.pick(['quick', 'quick', 'frail']) : chance.pick(names);
    return {
      ...{ cadence, id: fresh(chance, ids) },
      ...(chance.is(0.05) ? { key: chance.pick(['a', 'b']) } : {}),
      ...(chance.is(0.03) ? { inMs: duration(chance, HOUR) } : {}),
      ...(chance.is(0.03) ? { isBad: true } : {}),
    };
  });
  return { do: 'lines', id: fresh(chance, []), lines: chance.is(0.1) ? [...all, ...all.slice(0, 2)] : all };
}

/** Likely ones stand for more of a hundred. */
const LIKELY: readonly (readonly [number, (pen: Pen) => Step])[] = [
  [30, enqueue],
  [4, batch],
  [
    3,
    ({ chance }) => ({
      do: 'garbage',
      file: chance.pick(['x.json', 'y.ndjson', 'z z.json', '.hidden']),
      text: chance.pick(['', '{', 'no', '[1]\n{"cadence":1}\n']),
    }),
  ],
  [18, ({ chance }) => ({ do: 'pass', ms: duration(chance, 2 * HOUR) })],
  [3, ({ chance }) => ({ do: 'sleep', ms: duration(chance, 30 * HOUR) })],
  [3, ({ chance }) => ({ do: 'jump', ms: duration(chance, 8 * HOUR) * (chance.is(0.5) ? 1 : -1) })],
  [12, ({ chance }) => ({ do: 'die', after: chance.int(0, chance.pick([4, 40])), isCut: chance.is(0.4), downMs: duration(chance, HOUR) })],
  [3, ({ chance }) => ({ do: 'stop', downMs: duration(chance, HOUR) })],
  [2, ({ chance }) => ({ do: 'freeze', ms: duration(chance, HOUR) })],
  [2, () => ({ do: 'second owner' })],
  [5, ({ chance }) => ({ do: 'disk', kind: chance.pick(['full', 'low', 'read-only', 'dying']), ms: duration(chance, 10 * MINUTE) })],
  [6, ({ chance }) => ({ do: 'refuse', after: chance.int(0, 25), errno: chance.pick(['EIO', 'ENOSPC', 'EMFILE']) })],
  [5, ({ chance, names }) => ({ do: 'edit', cadence: chance.pick(names), to: chance.pick(['broken', 'disabled', 'gone', 'whole', 'other']) })],
  [7, order],
  [3, ({ chance }) => ({ do: 'halt', is: chance.is(0.5) })],
  [3, ({ chance }) => ({ do: 'sink', is: chance.pick(['well', 'ill', 'busy', 'silent']) })],
];

const ALL_LIKELY = LIKELY.reduce((sum, [likely]) => sum + likely, 0);

function stepBy(pen: Pen): Step {
  let left = pen.chance.next() * ALL_LIKELY;
  for (const [likely, make] of LIKELY) {
    left -= likely;
    if (left < 0) return make(pen);
  }
  return { do: 'pass', ms: SECOND };
}

/** Short ones as often as long ones. */
function duration(chance: Chance, mostMs: number): number {
  return Math.round(Math.exp(chance.next() * Math.log(mostMs)));
}

function fresh(chance: Chance, ids: string[]): string {
  const id = Array.from({ length: 12 }, () => 'abcdefghjkmnpqrstuvwxyz23456789'[chance.int(0, 30)]).join('');
  ids.push(id);
  return id;
}

function enqueue({ chance, ids, names }: Pen): Step {
  const more: Record<string, unknown> = {};
  if (chance.is(0.2)) more.payload = { n: chance.int(1, 3) };
  if (chance.is(0.1)) more.key = chance.pick(['a', 'b']);
  if (chance.is(0.1)) more.inMs = duration(chance, 2 * HOUR);
  if (chance.is(0.05)) more.expiresMs = duration(chance, HOUR);
  if (chance.is(0.05)) more.force = true;
  const cadence = chance.is(0.02) ? 'nobody-knows' : chance.pick(names);
  return { do: 'enqueue', cadence, id: fresh(chance, ids), how: chance.pick(['synced', 'synced', 'dropped', 'foreign']), more };
}

function batch({ chance, ids, names }: Pen): Step {
  const ticks = Array.from({ length: chance.int(2, 12) }, () => ({ cadence: chance.pick(names), id: fresh(chance, ids) }));
  return { do: 'batch', id: fresh(chance, []), ticks };
}

function order({ chance, ids, names }: Pen): Step {
  const key = chance.pick(['bus', 'account:claude', ...names.map((name) => `cadence:${name}`)]);
  const payload = chance.pick<Fields>([
    { order: 'pause', key, because: 'a story' },
    { order: 'resume', key },
    { order: 'resume', key: 'bus' },
    { order: 'trip', key },
    { order: 'reset', key },
    { order: 'reset' },
    { order: 'cancel', id: ids.length === 0 ? 'nothing00000' : chance.pick(ids) },
    { order: 'kill' },
  ]);
  return { do: 'order', id: fresh(chance, []), payload };
}

/** One line a step, as a person reads it. */
export function tellStep(step: Step): string {
  const { do: what, ...rest } = step;
  return `${what.padEnd(12)} ${JSON.stringify(rest)}`;
}
