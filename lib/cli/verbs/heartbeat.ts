import { beat, describeRepair, type Heartbeat, rehearseBeat } from '../../app/watch/heartbeat.ts';
import { CadenceError } from '../../core/error.ts';
import { toVisible } from '../../core/text/excerpt.ts';
import { shellWord } from '../../core/text/shell-word.ts';
import { formatDuration } from '../../core/time/duration.ts';
import { toIso } from '../../core/time/instant.ts';
import type { Missing, OwnerSight, Repair, Sight, Worry } from '../../core/watch/watch.ts';
import { type CommandContext, DRY_RUN, type Paint } from '../command.ts';

export async function run(context: CommandContext): Promise<number> {
  const { flags, out, root, leaving } = context;
  const at = await root();
  if (flags.has('dry-run')) return rehearse(context, at);
  const wakeDelayMs = flags.duration('wake-delay');
  const onWait = (ms: number): void => out.note(out.paint.dim(`Giving it ${formatDuration(ms)} to come right …`));
  const round = await leaving().orLeft(beat(at, { wakeDelayMs, onWait }), () => leftUnseen(at));
  const { sight, repaired, worries, telling, diagnosis, ping, faults, settings, atMs } = round;
  const ok = worries.length === 0;
  out.result(
    {
      ...{ ok, at: toIso(atMs) },
      ...viewSight(sight),
      repaired: repaired.map(({ repair, fault }) => ({ ...viewRepair(repair), done: fault === undefined, error: fault ?? null })),
      worries: worries.map(viewWorry),
      told: telling.due.map(({ key }) => key),
      recovered: telling.recovered,
      ...{ diagnosis, ping, faults },
    },
    () => describe(round, out.paint),
  );
  if (diagnosis !== null) out.note(`An agent looked (${diagnosis.run_id ?? diagnosis.status}): ${toVisible(diagnosis.summary)}`);
  for (const fault of faults) out.note(`${out.paint.yellow('!')} ${toVisible(fault)}`);
  if (ping !== null && !ping.ok) out.note(`${out.paint.yellow('!')} the ping did not go out: ${toVisible(ping.because ?? '')}`);
  if (!settings.heartbeat.enabled) out.note('heartbeat: {enabled: false} in cadences/bus.yaml: it comes only when it is asked to.');
  out.next(...nextSteps(sight, worries));
  return ok ? 0 : 1;
}

function leftUnseen(root: string): CadenceError {
  return new CadenceError('timeout', 'the round was not gone to its end', `The next one looks again: cadence-bus heartbeat --root ${shellWord(root)}`);
}

async function rehearse({ out }: CommandContext, root: string): Promise<number> {
  const { sight, repairs, worries } = await rehearseBeat(root);
  const answer = { ok: true, dry_run: true, would: 'heartbeat', repairs: repairs.map(viewRepair), worries: worries.map(viewWorry), ...viewSight(sight) };
  out.result(answer, () =>
    [
      ...(repairs.length === 0 ? ['Would repair nothing.'] : repairs.map((repair) => `Would have ${describeRepair(repair)}: ${toVisible(repair.because)}`)),
      ...worries.map((worry) => worryLine(worry, out.paint)),
    ].join('\n'),
  );
  return DRY_RUN;
}

/** Without an owner nothing else helps. */
function nextSteps({ owner }: Sight, worries: readonly Worry[]): readonly string[] {
  if (worries.length === 0) return ['cadence-bus status'];
  const start = owner.state === 'running' || owner.state === 'silent' ? [] : ['cadence-bus start'];
  return [...new Set([...start, ...worries.map(({ next }) => next)])].slice(0, 3);
}

function describe({ sight, repaired, worries }: Heartbeat, paint: Paint): string {
  const done = repaired.map(({ repair, fault }) => {
    const words = `${describeRepair(repair)}: ${toVisible(repair.because)}`;
    return fault === undefined ? `${paint.green('+')} ${words}` : `${paint.red('✗')} ${words}; in vain: ${toVisible(fault)}`;
  });
  const ignored = sight.missing.filter(({ ignoredUntilMs }) => ignoredUntilMs !== undefined);
  return [
    ...done,
    ...worries.map((worry) => worryLine(worry, paint)),
    ...ignored.map(({ cadence, ignoredUntilMs }) => paint.dim(`- ${cadence} is ignored until ${toIso(ignoredUntilMs ?? 0)}, or until it runs`)),
    worries.length > 0
      ? `${worries.length} ${worries.length === 1 ? 'thing is' : 'things are'} wrong.`
      : `${paint.green('♥')} All is well: ${ownerWords(sight.owner)}.`,
  ].join('\n');
}

function worryLine({ level, words }: Worry, paint: Paint): string {
  const color = level === 'critical' || level === 'urgent' ? paint.red : paint.yellow;
  return `${color(level === 'none' ? '!' : `! ${level}:`)} ${toVisible(words)}`;
}

function ownerWords({ state, pid }: OwnerSight): string {
  if (state === 'running') return `the owner, process ${pid ?? 'unknown'}, gets on, and no run is missing`;
  return 'no run is missing, and no owner is to be running';
}

function viewSight({ owner, timers, late, missing }: Sight): Readonly<Record<string, unknown>> {
  return {
    owner: { state: owner.state, pid: owner.pid, installed: owner.isInstalled, stuck: owner.stuck ?? null },
    timers,
    late_timers: Object.entries(late).map(([cadence, { slots, sinceMs }]) => ({ cadence, slots, since: toIso(sinceMs) })),
    missing: missing.map(viewMissing),
  };
}

function viewMissing({ cadence, level, lastRunMs, sinceMs, expectedMs, slots, because, ignoredUntilMs }: Missing): Readonly<Record<string, unknown>> {
  const iso = (ms: number | undefined): string | null => (ms === undefined ? null : toIso(ms));
  return { cadence, level, last_run: iso(lastRunMs), since: iso(sinceMs), expected_ms: expectedMs, slots, because, ignored_until: iso(ignoredUntilMs) };
}

function viewRepair(repair: Repair): Readonly<Record<string, unknown>> {
  return { repair: repair.kind, name: repair.kind === 'reload' ? repair.name : 'owner', because: repair.because };
}

function viewWorry({ key, level, words, next }: Worry): Readonly<Record<string, unknown>> {
  return { key, level, because: words, next };
}
