import { formatDuration } from '../core/duration.ts';
import type { BusEvent } from '../core/event.ts';
import { toVisible, truncate } from '../core/excerpt.ts';
import { parseIso } from '../core/instant.ts';
import { CONTROL_CADENCE } from '../core/tick.ts';
import type { Output, Paint } from './command.ts';

/** Tells a person at the terminal what the owner does, on stderr. A burst is told as a number, not line by line. */
export interface Commentary {
  see(event: BusEvent): void;
  begin(info: { readonly pid: number; readonly root: string; readonly version: string }, isDrain: boolean): void;
  end(because: string): void;
  totals(): Readonly<Record<'succeeded' | 'failed' | 'dead', number>>;
  summary(): string;
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

  function count(event: BusEvent): void {
    if (event.stage === 'run_finished' && event.status === 'succeeded') totals.succeeded += 1;
    if (event.stage === 'subsession_failed') totals.failed += 1;
    if (event.stage === 'dead_lettered') totals.dead += 1;
  }

  return {
    see(event) {
      if (event.cadence === CONTROL_CADENCE && event.stage !== 'run_finished') return;
      count(event);
      const line = describeEvent(event, out.paint, root);
      if (line !== undefined && (out.isVerbose || !isRoutine(event))) say(event, line);
    },
    begin(info, isDrain) {
      out.note(`${out.paint.bold('cadence-bus')} ${info.version}, process ${info.pid}, owns ${info.root}`);
      if (!isDrain) out.note(out.paint.dim('Ctrl-C stops it; children go on and the next owner adopts them. kill -9 loses nothing either.'));
    },
    end: (because) => out.note(`${out.paint.dim('stopped:')} ${because}`),
    totals: () => totals,
    summary: () => `Drained: ${totals.succeeded} succeeded, ${totals.failed} failed attempts, ${totals.dead} dead.`,
  };
}

/** Of an inline run only the end is told. */
function isRoutine(event: BusEvent): boolean {
  return (
    event.stage === 'claimed' || event.stage === 'adopted' || event.stage === 'output' || event.stage === 'owner_started' || event.stage === 'owner_stopped'
  );
}

/** One event in words; undefined where nobody needs to hear of it. */
export function describeEvent(event: BusEvent, paint: Paint, root: string): string | undefined {
  const who = paint.bold(String(event.cadence ?? event.key ?? ''));
  const why = shorten(event.because ?? event.error ?? '');
  const near = (path: unknown): string => String(path ?? '').replace(`${root}/`, '');
  switch (event.stage) {
    case 'owner_started':
      return `owner ${event.pid} of ${event.root}`;
    case 'owner_stopped':
      return `stopped: ${why}`;
    case 'owner_refused':
      return why;
    case 'adopted':
      return `${who} taken in from ${event.from}`;
    case 'claimed':
      return `${paint.blue('▶')} ${who} try ${event.attempt}  ${paint.dim(String(event.run_id))}`;
    case 'subsession_spawn':
      return `${paint.blue('▶')} ${who} starts  ${paint.dim(String(event.run_id))}`;
    case 'subsession_adopted':
      return `${paint.blue('▶')} ${who} was started by an earlier owner and goes on  ${paint.dim(String(event.run_id))}`;
    case 'run_finished':
      return `${paint.green('✓')} ${who} ${event.status} in ${formatDuration(Number(event.duration_ms))}${event.summary === undefined ? '' : `: ${shorten(event.summary)}`}`;
    case 'subsession_failed':
      return `${paint.red('✗')} ${who} failed (try ${event.attempt}): ${why}`;
    case 'retry_scheduled':
      return `${paint.yellow('↻')} ${who} tries again ${inTime(event)}`;
    case 'deferred':
      return `${paint.yellow('↻')} ${who} put off ${inTime(event)}, not charged: ${why}`;
    case 'dead_lettered':
      return `${paint.red('☠')} ${who} given up as ${event.reason}: ${near(event.path)} ${event.path === undefined ? why : ''}`.trimEnd();
    case 'coalesced':
    case 'skipped':
      return `${paint.dim('=')} ${who} ${event.stage}: ${why}`;
    case 'settle_lost':
      return `${who} ${event.run_id} was no longer ours; nothing is concluded`;
    case 'circuit_opened':
      return `${paint.red('⊘')} ${who} breaker open after ${event.failures} failures${event.open_until === undefined ? '' : ` until ${String(event.open_until).slice(11, 19)}`}: its ticks wait, nothing is spent`;
    case 'circuit_half_open':
      return `${paint.yellow('◐')} ${who} breaker half open: this run is the probe`;
    case 'circuit_closed':
      return `${paint.green('●')} ${who} breaker closed`;
    case 'halted':
      return `${paint.red('■')} halted: ${event.path} exists; nothing is claimed`;
    case 'paused':
      return `${paint.yellow('‖')} ${who} paused`;
    case 'resumed':
      return `${paint.green('▸')} ${who} goes on`;
    case 'storage_failed':
      return `${paint.red('!')} the disk refuses: ${why}; nothing new is claimed until it is well`;
    case 'storage_healed':
      return `${paint.green('●')} the disk is well again`;
    case 'config_broken':
      return `${paint.red('!')} ${near(event.where)}: ${why}. ${event.keeps === true ? 'The last good version goes on.' : 'Its ticks wait.'}`;
    case 'config_healed':
      return `${paint.green('●')} ${who} is right again`;
    case 'config_changed':
      return `${paint.dim('~')} ${near(event.path)} ${event.change}`;
    case 'state_broken':
      return `${paint.red('!')} ${near(event.path)}: ${why}`;
    case 'foreign_left':
      return `${paint.yellow('?')} ${near(event.path)} is left alone: ${why}`;
    case 'order':
    case 'output':
      return undefined;
  }
}

function shorten(text: unknown): string {
  return truncate(toVisible(String(text)).replaceAll('\n', ' '), 160);
}

function inTime(event: BusEvent): string {
  const restMs = (parseIso(event.retry_at) ?? 0) - (parseIso(event.ts) ?? 0);
  return restMs <= 0 ? 'at once' : `in ${formatDuration(restMs)}`;
}
