import type { CadenceView } from '../../lib/app/answers/status.ts';
import type { RunningView, TopView } from '../../lib/app/answers/top-view.ts';
import type { Paint } from '../../lib/cli/command.ts';
import { pictureOf } from '../../lib/cli/top/picture.ts';
import type { BusEvent } from '../../lib/core/event.ts';
import { blankRecord } from '../../lib/core/record.ts';
import { type Ms, toIso } from '../../lib/core/time/instant.ts';

/** Of what `top` shows. */
export const NOW_MS: Ms = Date.parse('2026-11-20T12:00:00.000Z');

export const inTime = (ms: Ms): string => toIso(NOW_MS + ms);

export const PLAIN: Paint = Object.fromEntries(
  ['bold', 'dim', 'red', 'green', 'yellow', 'blue', 'cyan'].map((name) => [name, (text: string) => text]),
) as never;

export const PAINTED: Paint = Object.fromEntries(Object.keys(PLAIN).map((name) => [name, (text: string) => `\u001b[31m${text}\u001b[0m`])) as never;

export function cadenceOf(name: string, about: Partial<CadenceView> = {}): CadenceView {
  return {
    name,
    status: 'healthy',
    last_run: null,
    last_status: null,
    last_summary: '',
    consecutive_failures: 0,
    runs: 0,
    waiting: 0,
    waits_because: null,
    dead: 0,
    is_over: false,
    hold: null,
    next: null,
    ...about,
  };
}

export function runningOf(cadence: string, startedMs: Ms, last_line = ''): RunningView {
  return { ...blankRecord({ cadence, id: 'x7k2p9qd4mzt', attempts: 1 }), status: 'running', started_at: inTime(startedMs), last_line };
}

export function eventOf(ms: Ms, stage: BusEvent['stage'], about: Partial<BusEvent> = {}): BusEvent {
  return { ts: inTime(ms), level: 'info', stage, ...about };
}

export function viewOf(about: Partial<TopView> = {}): TopView {
  const { cadences = [] } = about;
  const having = (status: CadenceView['status']): number => cadences.filter((one) => one.status === status).length;
  return {
    ok: true,
    root: '/srv/bus',
    owner: { state: 'running', pid: 42, started_at: inTime(-3_600_000), version: '0.1.0', because: null },
    summary: {
      cadences: cadences.length,
      healthy: having('healthy'),
      unproven: having('unproven'),
      put_off: having('put_off'),
      failing: having('failing'),
      held: having('held'),
      running: having('running'),
      never_run: having('never_run'),
      disabled: having('disabled'),
    },
    cadences,
    holds: [],
    accounts: [],
    incidents: [],
    overlays: [],
    broken_edits: [],
    left_alone: [],
    left_alone_count: 0,
    settings_fault: null,
    misnamed: [],
    counts: { inbox: 0, waiting: 0, claimed: 0, dlq: 0 },
    running: [],
    events: [],
    ...about,
  };
}

/** As it is drawn. */
export function drawn(
  view: TopView,
  { columns = 100, rows = 30, scroll = 0, paint = PLAIN, isHelp = false, refused }: Drawing = {},
): ReturnType<typeof pictureOf> {
  return pictureOf({ view, refused }, { columns, rows, scroll, isHelp, nowMs: NOW_MS, paint });
}

interface Drawing {
  readonly columns?: number;
  readonly rows?: number;
  readonly scroll?: number;
  readonly paint?: Paint;
  readonly isHelp?: boolean;
  readonly refused?: string;
}
