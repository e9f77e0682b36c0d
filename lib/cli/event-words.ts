import type { BusEvent, Stage } from '../core/event.ts';
import { SETTINGS_FILE } from '../core/paths.ts';
import type { RunRecord } from '../core/run.ts';
import { toVisible, truncate } from '../core/text/excerpt.ts';
import { formatDuration } from '../core/time/duration.ts';
import { parseIso } from '../core/time/instant.ts';
import type { Paint } from './command.ts';

/** One event in words, for a person. */
interface Told {
  readonly event: BusEvent;
  readonly paint: Paint;
  readonly who: string;
  readonly why: string;
  /** A path without the root that everybody knows. */
  readonly near: (path: unknown) => string;
}

/** Only what went well has the mark of it. */
function markOf(status: unknown, paint: Paint): string {
  if (status === 'succeeded') return paint.green('✓');
  return status === 'unverified' ? paint.yellow('?') : status === 'interrupted' ? paint.yellow('‖') : paint.dim('=');
}

const WORDS: Readonly<Record<Stage, (told: Told) => string | undefined>> = {
  owner_started: ({ event }) =>
    `owner ${event.pid} of ${event.root}${event.ended_pid === undefined ? '' : `; process ${event.ended_pid}, which owned it and did not answer, is ended`}`,
  owner_stopped: ({ why }) => `stopped: ${why}`,
  owner_refused: ({ why }) => why,
  adopted: ({ event, who }) => `${who} taken in from ${event.from}`,
  claimed: ({ event, paint, who }) => `${paint.blue('▶')} ${who} try ${event.attempt}  ${paint.dim(String(event.run_id))}`,
  subsession_spawn: ({ event, paint, who }) =>
    `${paint.blue('▶')} ${who} starts${event.provider === undefined ? '' : ` with ${event.provider}`}  ${paint.dim(String(event.run_id))}`,
  subsession_adopted: ({ event, paint, who }) => `${paint.blue('▶')} ${who} was started by an earlier owner and goes on  ${paint.dim(String(event.run_id))}`,
  run_finished: ({ event, paint, who }) =>
    `${markOf(event.status, paint)} ${who} ${event.status} in ${formatDuration(Number(event.duration_ms))}${event.summary === undefined ? '' : `: ${shorten(event.summary)}`}${leftBehind(event)}`,
  subsession_failed: ({ event, paint, who, why }) => `${paint.red('✗')} ${who} failed (try ${event.attempt}): ${why}${leftBehind(event)}`,
  chat_refused: ({ paint, who, why }) => `${paint.yellow('?')} ${who}: ${why}`,
  notice: ({ paint, why }) => `${paint.yellow('✉')} ${why}`,
  notice_delivered: ({ event, paint, who }) => `${paint.green('✉')} ${who} told ${event.sink}  ${paint.dim(String(event.run_id))}`,
  notice_failed: ({ event, paint, who, why }) => `${paint.yellow('✉')} ${who} could not be told to ${event.sink} yet: ${why}`,
  notice_dead: ({ event, paint, who, why }) => `${paint.red('✉')} ${who} will not be told to ${event.sink}: ${why}`,
  incident: ({ event, paint, who, why }) =>
    `${event.change === 'resolved' ? paint.green('●') : paint.red('◆')} ${who} incident ${String(event.change).replace('_', ' ')}: ${why}`,
  care_failed: ({ event, paint, who, why }) => `${paint.red('!')} ${who} ${event.step} of ${event.incident}: ${why}`,
  fix_begun: ({ event, paint, who, why }) => `${paint.yellow('✚')} ${who} ${event.source}: ${why}`,
  fix_applied: ({ event, paint, who, why }) => `${paint.yellow('✚')} ${who} ${event.source}: ${why}; the next run decides`,
  fix_ended: ({ event, paint, who, why }) => `${event.status === 'kept' ? paint.green('✚') : paint.red('✚')} ${who} ${event.source} ${event.status}: ${why}`,
  human_asked: ({ event, paint, who, why }) => `${paint.red('?')} ${who} needs a person: ${why}  ${paint.dim(`cadence-bus incidents show ${event.incident}`)}`,
  retry_scheduled: ({ event, paint, who }) => `${paint.yellow('↻')} ${who} tries again ${inTime(event)}`,
  deferred: ({ event, paint, who, why }) => `${paint.yellow('↻')} ${who} put off ${inTime(event)}, not charged: ${why}`,
  dead_lettered: ({ event, paint, who, why, near }) =>
    `${paint.red('☠')} ${who} given up as ${event.reason}: ${event.path === undefined ? why : near(event.path)}`.trimEnd(),
  coalesced: ({ event, paint, who, why }) => `${paint.dim('=')} ${who} ${event.stage}: ${why}`,
  skipped: ({ event, paint, who, why }) => `${paint.dim('=')} ${who} ${event.stage}: ${why}`,
  circuit_opened: ({ event, paint, who, why }) =>
    `${paint.red('⊘')} ${who} breaker open ${event.advice === undefined ? `after ${event.failures} failure${event.failures === 1 ? '' : 's'}` : `(${why})`}${event.open_until === undefined ? '' : ` until ${String(event.open_until).slice(11, 19)}Z`}${String(event.key).startsWith('provider:') ? ': other agents run in its place' : ': its ticks wait, nothing is spent'}${event.advice === undefined ? '' : `. ${event.advice}`}`,
  circuit_half_open: ({ paint, who }) => `${paint.yellow('◐')} ${who} breaker half open: this run is the probe`,
  budget_held: ({ event, paint, who, why }) =>
    `${paint.yellow('‖')} ${who} waits${event.until === undefined ? '' : ` for money until ${String(event.until)}`}: ${why}`,
  budget_freed: ({ paint, who }) => `${paint.green('▸')} ${who} may spend again`,
  halted: ({ event, paint }) => `${paint.red('■')} halted: ${event.path} exists; nothing is claimed`,
  settle_lost: ({ event, who }) => `${who} ${event.run_id} was no longer ours; nothing is concluded`,
  storage_failed: ({ paint, why }) => `${paint.red('!')} the disk refuses: ${why}; nothing new is claimed until it is well`,
  circuit_closed: ({ paint, who }) => `${paint.green('●')} ${who} breaker closed`,
  breaker_reset: ({ paint, who, why }) => `${paint.green('●')} ${who} is tried again: ${why}`,
  account_changed: ({ paint, who, why }) => `${paint.yellow('◐')} ${who} ${why}`,
  paused: ({ paint, who }) => `${paint.yellow('‖')} ${who} paused`,
  resumed: ({ paint, who }) => `${paint.green('▸')} ${who} goes on`,
  listener_failed: ({ paint, why }) => `${paint.red('!')} the listener (onEvent) of this owner failed, which is told this once; it goes on hearing: ${why}`,
  storage_healed: ({ paint }) => `${paint.green('●')} the disk is well again`,
  config_broken: ({ event, paint, why, near }) => `${paint.red('!')} ${near(event.where)}: ${why}. ${whatGoesOn(event)}`,
  config_healed: ({ paint, who }) => `${paint.green('●')} ${who} is right again`,
  config_changed: ({ event, paint, near }) => `${paint.dim('~')} ${near(event.path)} ${event.change}`,
  state_broken: ({ event, paint, why, near }) => `${paint.red('!')} ${near(event.path)}: ${why}`,
  foreign_left: ({ event, paint, why, near }) => `${paint.yellow('?')} ${near(event.path)} is left alone: ${why}`,
  upkeep: ({ event, paint, why }) => `${paint.dim('~')} tidied: ${event.because === undefined ? `${event.removed} old files, ${event.drafts} drafts` : why}`,
  vault: ({ paint, why }) => `${paint.yellow('~')} the notes of the vault were not made anew: ${why}`,
  slot_fired: ({ event, paint, who, why }) =>
    event.by === 'catchup' ? `${paint.yellow('⏲')} ${who} made up for the slot of ${event.slot}: ${why}` : undefined,
  slot_ended: ({ event, paint, who, why }) =>
    `${paint.yellow('⏲')} ${who} ${event.count === 1 ? `slot of ${event.slot}` : `${event.count} slots from ${event.slot} on`} ${event.end}: ${why}`,
  slept: ({ paint, why }) => `${paint.yellow('⏾')} ${why}`,
  clock_jumped: ({ paint, why }) => `${paint.yellow('!')} ${why}`,
  zone_changed: ({ event, paint }) => `${paint.yellow('~')} the time zone of the machine is ${event.to} now; it was ${event.from}`,
  heartbeat: ({ event, paint, why }) => `${event.level === 'info' ? paint.green('♥') : paint.red('♥')} the watchman: ${why}`,
  timer_late: ({ paint, who, why }) => `${paint.yellow('⏲')} the timer of ${who} does not come: ${why}`,
  timer_on_time: ({ paint, who }) => `${paint.green('⏲')} the timer of ${who} comes again`,
  order: () => undefined,
  output: ({ event, paint, who, why }) =>
    `${paint.dim('·')} ${who} ${paint.dim(`#${event.event_index}`)} ${event.event === null ? why : shorten(JSON.stringify(event.event))}`,
};

/** Whoever starts something in the background should know that it is still there. */
function leftBehind({ survivors }: BusEvent): string {
  const left = Array.isArray(survivors) ? (survivors as NonNullable<RunRecord['survivors']>) : [];
  return left.length === 0 ? '' : `; left behind: ${shorten(left.map(({ pid, command }) => `${pid} ${command}`).join(', '))}`;
}

/** One line, whatever a file is called; undefined where nobody needs to hear of it. */
export function describeEvent(event: BusEvent, paint: Paint, root: string): string | undefined {
  const near = (path: unknown): string => String(path ?? '').replace(`${root}/`, '');
  const who = paint.bold(toVisible(String(event.cadence ?? event.key ?? '')));
  return WORDS[event.stage]?.({ event, paint, who, near, why: shorten(event.because ?? event.error ?? '') })?.replaceAll('\n', ' ');
}

function shorten(text: unknown): string {
  return truncate(toVisible(String(text)).replaceAll('\n', ' '), 160);
}

/** Without a delay it may still be held: by its account, if that is what failed. */
function inTime(event: BusEvent): string {
  const restMs = (parseIso(event.retry_at) ?? 0) - (parseIso(event.ts) ?? 0);
  return restMs <= 0 ? 'as soon as it may' : `in ${formatDuration(restMs)}`;
}

const UNSETTLED = 'No agent runs until it is mended, and nothing that has a budget or has told a cost; all else goes by the defaults.';

function whatGoesOn({ cadence, keeps }: BusEvent): string {
  if (keeps === true) return 'The last good version goes on.';
  if (cadence === SETTINGS_FILE) return UNSETTLED;
  return String(cadence).includes('.') ? 'It defines nothing until it is renamed.' : 'Its ticks wait.';
}
