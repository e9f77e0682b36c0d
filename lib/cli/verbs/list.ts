import { restateSchedule } from '../../app/answers/next-slots.ts';
import { builtinsOf, readDefined } from '../../app/definitions/defined.ts';
import { listTimers } from '../../app/install/listed-timers.ts';
import { createReading } from '../../app/reading.ts';
import type { Cadence } from '../../core/cadence.ts';
import { lastRunOf } from '../../core/cadence-digest.ts';
import { waitForSettings } from '../../core/money/unsettled.ts';
import { formatSlot } from '../../core/slot/slot.ts';
import type { TimerView } from '../../core/slot/timer.ts';
import { formatProblem } from '../../core/text/problem-text.ts';
import type { CadenceSchedule } from '../../core/time/schedule.ts';
import { describeSchedule } from '../../core/time/schedule-sentence.ts';
import type { CommandContext, Paint } from '../command.ts';
import { table } from '../output.ts';
import { stateWord } from '../timer-words.ts';

export async function run({ flags, out, root }: CommandContext): Promise<number> {
  const at = await root();
  const { definitions: defined, problems, waiting } = readDefined(at);
  const definitions = flags.has('all') ? [...defined, ...builtinsOf(at)] : defined;
  const digest = createReading(at).history.digest();
  const installed = await listTimers(at);
  const timerOf = (name: string): TimerView | undefined => installed.find((timer) => timer.role === 'timer' && timer.name === name);
  const cadences = definitions.map(({ name, path, cadence, problems: own }) => ({
    name,
    path,
    description: cadence?.description ?? '',
    kind: cadence?.run.kind ?? null,
    enabled: cadence?.enabled ?? false,
    lane: cadence?.lane ?? null,
    schedule: cadence?.schedule === undefined ? null : describeSchedule(cadence.schedule),
    next: cadence?.schedule === undefined ? null : nextOf(cadence.schedule),
    timer: timerOf(name)?.state ?? null,
    destructive: cadence?.about.destructive ?? false,
    last_run: lastRunOf(digest[name])?.ended_at ?? null,
    last_status: lastRunOf(digest[name])?.status ?? null,
    consecutive_failures: digest[name]?.consecutive_failures ?? 0,
    problems: own.length,
  }));
  out.result({ ok: true, cadences, problems }, () =>
    cadences.length === 0
      ? 'There are no cadences yet.'
      : table(
          cadences.map((one) => [
            `  ${out.paint.bold(one.name)}`,
            one.problems > 0 ? out.paint.red('broken') : one.enabled ? (one.kind ?? '') : out.paint.dim('disabled'),
            one.last_status ?? 'never run',
            ...(installed.length === 0 ? [] : [timerWord(timerOf(one.name), out.paint)]),
            [one.schedule, one.description].filter((part) => part !== null && part !== '').join('; '),
          ]),
        ),
  );
  for (const problem of problems) out.note(`${out.paint.red('✗')} ${formatProblem(problem)}`);
  if (waiting.length > 0) out.note(`${out.paint.yellow('‖')} ${waitForSettings(waiting)}`);
  out.next(problems.length > 0 ? 'cadence-bus check' : 'cadence-bus show <cadence>', 'cadence-bus enqueue <cadence>');
  return 0;
}

/** The true state of its timer, where timers are installed. */
function timerWord(timer: TimerView | undefined, paint: Paint): string {
  return timer === undefined ? '' : `timer ${stateWord(timer, paint)}`;
}

function nextOf(schedule: CadenceSchedule): string | null {
  const [next] = restateSchedule(schedule, 1).nextMs;
  return next === undefined ? null : formatSlot(next);
}

/** What a cadence runs, on one line. */
export function describeRun({ run }: Cadence): string {
  switch (run.kind) {
    case 'inline':
      return `inline ${run.file}`;
    case 'command':
      return `command ${run.argv.map((word) => (/^[\w./:=@%+-]+$/.test(word) ? word : JSON.stringify(word))).join(' ')}${run.shell ? '  (through a shell)' : ''}`;
    case 'agent':
      return `${run.argv.join(' ')} < ${run.promptPath}`;
    case 'claude':
      return `claude -p ${run.args.join(' ')} < ${run.promptPath}`;
  }
}
