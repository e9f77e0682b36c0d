import type { SpawnSpec } from '../../lib/ports.ts';
import { behaveWide, healAnswer, WIDE_CADENCES } from './wide-cast.ts';
import type { Chance } from './world/chance.ts';
import type { Behaviour, SimChild } from './world/children.ts';

/** The cadences of the simulation, one for each way a run may go, and what their children do. */
export const BUS_YAML = 'lanes: { command: 3, agent: 2, own: 1 }\nbudget: { day_usd: 3 }\nmin_free: 50MB\n';

const NOTIFY = `notify:
  message: '{task} {status}'
  webhook: { url: "https://one.example/hook" }
`;

/** Run in the owner's own process, and so where they stand in a batch. */
export const HANDLER = '/sim/handlers/handler.mjs';
const INLINE: Readonly<Record<string, string>> = {
  'quick.yaml': `run: { inline: ${HANDLER} }\noverlap: queue\n`,
  'frail.yaml': `run: { inline: ${HANDLER} }\nretry: { attempts: 3, delays: [5s, 1m] }\nbreaker: { failures: 3, open: 2m, max_open: 8m }\n`,
};

const CADENCES: Readonly<Record<string, string>> = {
  'steady.yaml': 'run: { command: [steady] }\nlane: own\n',
  'flaky.yaml': 'run: { command: [flaky] }\nretry: { attempts: 3, delays: [5s, 1m] }\nbreaker: { failures: 3, open: 2m, max_open: 8m }\n',
  'broken.yaml': 'run: { command: [broken] }\nretry: { attempts: 2, delays: [10s] }\nbreaker: { failures: 3, open: 5m, max_open: 20m }\n',
  'hopeless.yaml': 'run: { command: [hopeless] }\nbreaker: { failures: 4, open: 1m, max_open: 4m }\n',
  'later.yaml': 'run: { command: [later] }\nretry: { delays: [30s] }\n',
  'slow.yaml': 'run: { command: [slow] }\ntimeout: 3m\nidle_timeout: 1m\nkill_grace: 5s\nexpires: 2h\n',
  'folded.yaml': 'run: { command: [folded] }\noverlap: coalesce\n',
  'skipper.yaml': 'run: { command: [skipper] }\noverlap: skip\n',
  'timed.yaml': 'run: { command: [timed] }\nschedule: every 20m\n',
  'hourly.yaml': 'run: { command: [hourly] }\nschedule: "hourly :15"\ncatchup: all\nwindow: 6h\n',
  'guarded.yaml': 'run: { command: [guarded] }\nguard: { command: [guard] }\nverify: { command: [look] }\n',
  'hooked.yaml': `run: { command: [hooked] }\nretry: { attempts: 2, delays: [5s] }\non_failure: [echo a]\non_complete: echo c\n${NOTIFY}`,
  'worker.md': `---\nbudget: { run_usd: 0.5, day_usd: 2 }\nretry: { attempts: 2, delays: [20s] }\ntimeout: 10m\n${NOTIFY}---\nWork.\n`,
  'helper.md': '---\nbudget: { run_usd: 0.3 }\n---\nHelp.\n',
  ...INLINE,
};

/** The cadences of a story. */
export const cadencesOf = (isWide: boolean): Readonly<Record<string, string>> => (isWide ? { ...CADENCES, ...WIDE_CADENCES } : CADENCES);

const nameOf = (file: string): string => file.slice(0, file.lastIndexOf('.'));

/** Those that have children. */
export const NAMES: readonly string[] = Object.keys(CADENCES)
  .filter((file) => !(file in INLINE))
  .map(nameOf);

/** And those with a schedule. */
export const SCHEDULED: readonly string[] = ['timed', 'hourly'];

/** And those that are told of since, more often. */
const SINCE = Object.keys(WIDE_CADENCES).map(nameOf);
export const WIDE_NAMES: readonly string[] = [...NAMES, ...SINCE, ...SINCE, ...SINCE];

export const fileOf = (name: string): string => Object.keys(cadencesOf(true)).find((file) => file.startsWith(`${name}.`)) as string;

const SECOND = 1000;
const MINUTE = 60_000;

/** `isCalm`: the world means well, so that every story comes to its end. */
export function behave(spec: SpawnSpec, part: SimChild['part'], chance: Chance, isCalm: boolean): Behaviour {
  const [program = ''] = spec.argv;
  const claude = program.endsWith('/claude');
  const wide = behaveWide(program, chance, isCalm);
  if (wide !== undefined) return wide;
  if (isCalm) return claude ? session(spec, { lastsMs: 2000, costUsd: 0.01 }) : command(500, 0);
  if (claude) return sessionByChance(spec, chance);
  if (part !== 'run') return command(300, chance.pick([0, 0, 0, 1, 2]));
  return { ...byName(program, chance), ...(chance.is(0.02) ? { spawnError: 'there are too many processes' } : {}) };
}

/** How an inline run goes. */
export function behaveInline(cadence: string, chance: Chance, isCalm: boolean): unknown {
  if (isCalm || cadence === 'quick') return 'done';
  return chance.pick([
    ...['done', 'done', 'done', 'done'],
    ...[
      { kind: 'fail', reason: 'no' },
      { kind: 'fail', reason: 'no' },
      { kind: 'give_up', reason: 'never' },
    ],
    ...[
      { kind: 'defer', delay: '20s', reason: 'later' },
      { kind: 'skip', reason: 'nothing to do' },
    ],
  ]);
}

function command(lastsMs: number, code: number | null): Behaviour {
  return { lastsMs, code, stdout: [{ atMs: Math.floor(lastsMs / 2), text: 'at work\n' }], onTerm: 'ends', isUncharged: code === 75 };
}

function byName(program: string, chance: Chance): Behaviour {
  switch (program) {
    case 'flaky':
      return command(chance.int(100, 4000), chance.pick([0, 0, 1, 3, null]));
    case 'broken':
      return command(400, 1);
    case 'hopeless':
      return command(400, 78);
    case 'later':
      return command(700, chance.pick([75, 75, 0]));
    case 'slow':
      return slow(chance);
    case 'folded':
    case 'skipper':
      return command(chance.int(SECOND, 30 * SECOND), 0);
    case 'hooked':
      return command(900, chance.pick([0, 0, 1]));
    case 'timed':
    case 'hourly':
      return command(chance.int(SECOND, MINUTE), chance.pick([0, 0, 0, 0, 1]));
    default:
      return command(200, 0);
  }
}

/** Slow, silent, or deaf to a request to end. */
function slow(chance: Chance): Behaviour {
  const lastsMs = chance.pick([2 * SECOND, 40 * SECOND, 2 * MINUTE, 20 * MINUTE]);
  const stdout = chance.is(0.3) ? [] : Array.from({ length: Math.ceil(lastsMs / (20 * SECOND)) }, (_, n) => ({ atMs: n * 20 * SECOND, text: 'still\n' }));
  return { lastsMs, code: chance.pick([0, 0, 1]), stdout, onTerm: chance.pick(['ends', 'ends', 'ignores', 'cannot be killed']) };
}

interface Told {
  readonly lastsMs: number;
  readonly costUsd: number;
  readonly code?: number;
  readonly more?: Readonly<Record<string, unknown>>;
  readonly isMute?: boolean;
  readonly isUncharged?: boolean;
}

function session(spec: SpawnSpec, { lastsMs, costUsd, code = 0, more = {}, isMute = false, isUncharged = false }: Told): Behaviour {
  const at = spec.argv.findIndex((word) => word === '--session-id' || word === '--resume');
  const id = { session_id: spec.argv[at + 1] };
  const line = (event: object): string => `${JSON.stringify({ ...event, ...id })}\n`;
  const init = { atMs: 400, text: line({ type: 'system', subtype: 'init', model: 'claude-sonnet-4-5' }) };
  const words = { is_error: false, result: 'done', num_turns: 1, duration_ms: lastsMs };
  const result = { atMs: lastsMs - 100, text: line({ type: 'result', subtype: 'success', ...words, total_cost_usd: costUsd, ...more }) };
  return { lastsMs, code, stdout: isMute ? [] : [init, result], onTerm: 'ends', isUncharged };
}

function sessionByChance(spec: SpawnSpec, chance: Chance): Behaviour {
  const lastsMs = chance.int(2 * SECOND, 4 * MINUTE);
  const failed = (result: string, status: number): Told => ({
    ...{ lastsMs: 3000, costUsd: 0, code: 1, isUncharged: true },
    more: { is_error: true, result, api_error_status: status },
  });
  const answer = spec.env.CADENCE_NAME?.startsWith('bus-heal') === true ? { more: { result: healAnswer(chance) } } : {};
  const kinds: readonly Told[] = [
    ...Array.from({ length: 6 }, () => ({ lastsMs, costUsd: chance.int(1, 60) / 100, ...answer })),
    { lastsMs, costUsd: 1.4 },
    failed('API Error: 401 Invalid API key', 401),
    failed('API Error: 529 Overloaded', 529),
    failed("You've hit your limit · resets 3am (UTC)", 429),
    { lastsMs, costUsd: 0.2, more: { is_error: true, subtype: 'error_max_turns' }, code: 1 },
    // It says that all is well, and its exit code does not; or the other way round.
    { lastsMs, costUsd: 0.1, code: 2 },
    { lastsMs: 5 * MINUTE, costUsd: 0, isMute: true },
  ];
  return session(spec, chance.pick(kinds));
}
