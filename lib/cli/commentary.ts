import { isBuiltin, isUnasked } from '../core/builtin.ts';
import type { BusEvent } from '../core/event.ts';
import { CONTROL_CADENCE } from '../core/tick.ts';
import { parseIso } from '../core/time/instant.ts';
import type { Output } from './command.ts';
import { describeEvent } from './event-words.ts';

/** Tells a person at the terminal what the owner does, on stderr. A burst is told as a number, not line by line. */
export interface Commentary {
  see(event: BusEvent): void;
  begin(info: { readonly pid: number; readonly root: string; readonly version: string }, isDrain: boolean): void;
  end(because: string): void;
  totals(): Readonly<Record<'succeeded' | 'failed' | 'dead', number>>;
  /** `waiting`: what has not run. */
  summary(isDrained: boolean, waiting: number): string;
}

const LINES_A_SECOND = 40;

export function createCommentary(out: Output, root: string): Commentary {
  const totals = { succeeded: 0, failed: 0, dead: 0 };
  let second = 0;
  let lines = 0;
  let unsaid = 0;

  function say(event: BusEvent, line: string): void {
    const now = Math.floor((parseIso(event.ts) ?? 0) / 1000);
    if (now !== second) {
      if (unsaid > 0) out.note(out.paint.dim(`          … and ${unsaid} lines more`));
      [second, lines, unsaid] = [now, 0, 0];
    }
    lines += 1;
    if (lines <= LINES_A_SECOND) out.note(`${out.paint.dim(event.ts.slice(11, 19))}  ${line}`);
    else unsaid += 1;
  }

  /** Of the work that somebody asked for. */
  function count(event: BusEvent): void {
    if (isBuiltin(event.cadence ?? '')) return;
    if (event.stage === 'run_finished' && event.status === 'succeeded') totals.succeeded += 1;
    if (event.stage === 'subsession_failed') totals.failed += 1;
    if (event.stage === 'dead_lettered') totals.dead += 1;
  }

  return {
    see(event) {
      if (isOfTheHouse(event)) return;
      count(event);
      if (out.isJson || (!out.isVerbose && isRoutine(event))) return;
      const line = describeEvent(event, out.paint, root);
      if (line !== undefined) say(event, line);
    },
    begin(info, isDrain) {
      out.note(`${out.paint.bold('cadence-bus')} ${info.version}, process ${info.pid}, owns ${info.root}`);
      if (!isDrain) out.note(out.paint.dim('Ctrl-C stops it; children go on and the next owner adopts them. kill -9 loses nothing either.'));
    },
    end: (because) => out.note(`${out.paint.dim('stopped:')} ${because}`),
    totals: () => totals,
    summary(isDrained, waiting) {
      const ended = `${totals.succeeded} succeeded, ${totals.failed} failed attempt${totals.failed === 1 ? '' : 's'}, ${totals.dead} dead`;
      const left = waiting === 0 ? '.' : `; ${waiting} still ${waiting === 1 ? 'waits' : 'wait'}, and cadence-bus status says for what.`;
      return `${isDrained ? 'Drained' : 'Stopped before all had run'}: ${ended}${left}`;
    },
  };
}

/** What a person who looks on is told of, without asking for more. */
export function isToldAtOnce(event: BusEvent): boolean {
  return !isOfTheHouse(event) && !isRoutine(event);
}

/** Of an order its end is told, and what care has done is told by its incidents. */
function isOfTheHouse({ cadence = '', stage }: BusEvent): boolean {
  if (cadence === CONTROL_CADENCE) return stage !== 'run_finished';
  return isUnasked(cadence) && (stage === 'claimed' || stage === 'run_finished');
}

/** Of an inline run only the end is told. */
function isRoutine(event: BusEvent): boolean {
  return (
    event.stage === 'claimed' ||
    event.stage === 'adopted' ||
    event.stage === 'output' ||
    (event.stage === 'owner_started' && event.ended_pid === undefined) ||
    event.stage === 'owner_stopped'
  );
}
