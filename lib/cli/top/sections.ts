import { type HoldView, stateInWords } from '../../app/answers/holds.ts';
import { describeOverlay } from '../../app/answers/overlays.ts';
import type { CadenceView } from '../../app/answers/status.ts';
import type { TopView } from '../../app/answers/top-view.ts';
import type { PageSection, PageTarget } from '../../app/page-words.ts';
import type { BusEvent } from '../../core/event.ts';
import { SETTINGS_FILE } from '../../core/paths.ts';
import { toVisible, truncate } from '../../core/text/excerpt.ts';
import { CONTROL_CADENCE } from '../../core/tick.ts';
import type { Ms } from '../../core/time/instant.ts';
import { soonest } from '../../core/time/soonest.ts';
import type { Paint } from '../command.ts';
import { isToldAtOnce } from '../commentary.ts';
import { describeEvent } from '../event-words.ts';
import { table } from '../output.ts';
import { failuresInARow, incidentMark, MARK, shownHolds, waitersOf } from '../verbs/status.ts';
import { ago, coming, lasting, type Moving, still } from './moving.ts';

/** What belongs together, most important first. */
export interface Section extends PageSection {
  readonly rows: readonly Row[];
  /** So many of its rows are shown before others get more. */
  readonly atRest: number;
}

type Row = PageSection['rows'][number] & Moving;

export interface Looks {
  readonly nowMs: Ms;
  readonly paint: Paint;
  /** There is room for what is good to have: ids, and instants beside durations. */
  readonly isWide: boolean;
}

type Cell = string | Moving;
type Cells = readonly Cell[];

/** A row, and what it is about. */
interface About {
  readonly cells: Cells;
  readonly to?: PageTarget;
}

/** What needs somebody first, then what runs, what comes, what was. */
export function sectionsOf(view: TopView, looks: Looks, refused?: string): readonly Section[] {
  const events = eventRows(view, looks);
  const sections: readonly Section[] = [
    sectionOf('Broken', brokenCells(view, looks, refused), 4),
    sectionOf('Held', heldCells(view, looks), 6),
    sectionOf('Failing', failingCells(view, looks), 6),
    sectionOf('Incidents', incidentCells(view, looks), 4),
    sectionOf('On trial', overlayCells(view, looks), 2),
    sectionOf('Running', runningCells(view, looks), 8),
    sectionOf('Waiting', waitingCells(view, looks), 4),
    sectionOf('Next', nextCells(view, looks), 4),
    { label: 'Events', rows: events, count: events.length, atRest: Number.POSITIVE_INFINITY, isLog: true },
  ];
  return sections.filter(({ rows }) => rows.length > 0);
}

/** In columns; what moves in a row moves the row. A row without its first cell goes on with the one before. */
function sectionOf(label: string, all: readonly About[], atRest: number): Section {
  const texts = all.map(({ cells }) => cells.map((cell) => (typeof cell === 'string' ? cell : cell.text)));
  const lines = all.length === 0 ? [] : table(texts).split('\n');
  const rows = all.map(({ cells, to }, index) => ({
    text: lines[index] ?? '',
    cells: texts[index] ?? [],
    to,
    movesInMs: soonest(cells.map((cell) => (typeof cell === 'string' ? undefined : cell.movesInMs))),
  }));
  return { label, rows, count: texts.filter(([first]) => first !== '').length, atRest };
}

const WORDS_WIDTH = 200;

/** What others have written: one line, nothing that a terminal would obey, nothing endless. */
export function oneLine(text: string): string {
  return truncate(toVisible(text).replaceAll(/[\n\t]/g, ' '), WORDS_WIDTH);
}

/** A path without the root, which everybody knows. */
function near(text: string, root: string): string {
  return text.replaceAll(`${root}/`, '');
}

function brokenCells({ settings_fault, misnamed, broken_edits, root }: TopView, { paint }: Looks, refused: string | undefined): readonly About[] {
  const isNamed = broken_edits.some(({ name }) => name === SETTINGS_FILE);
  const told = [
    ...(refused === undefined ? [] : [`this is how it was, for it cannot be read now: ${refused}`]),
    ...(settings_fault === null || isNamed ? [] : [settings_fault]),
    ...misnamed,
    ...broken_edits.map(({ name, because }) => `${name}: the last good version goes on: ${because}`),
  ];
  return told.map((text) => ({ cells: [`${paint.red('!')} ${oneLine(near(text, root))}`] }));
}

function heldCells(view: TopView, { nowMs, paint, isWide }: Looks): readonly About[] {
  const left = (until: string | null, over: string): string | Moving =>
    until === null ? '' : coming(until, nowMs, (rest) => (rest === undefined ? over : `${rest} left${isWide ? `, until ${clockTime(until, nowMs)}` : ''}`));
  const accounts = view.accounts.flatMap((account): readonly About[] => [
    {
      cells: [
        paint.yellow(`‖ account ${oneLine(account.account)}`),
        heldAs(account.state),
        left(account.until, 'one run goes first'),
        oneLine(account.because),
      ],
    },
    { cells: ['', '', account.waiting_ticks === 0 ? '' : waitersOf(account.waiting_ticks), `${paint.bold('→')} ${oneLine(account.advice)}`] },
  ]);
  const holds = shownHolds(view)
    .filter(({ key, state }) => !isTrying(state) || !key.startsWith('cadence:'))
    .map((hold): About => {
      const { key, state, until, because } = hold;
      const name = key.replace(/^cadence:/, '');
      const cells = [paint.yellow(`‖ ${oneLine(name)}`), heldAs(state), left(until, 'the next tick is its probe'), oneLine(near(because, view.root))];
      return name === key ? { cells } : { cells, to: toCadence(name) };
    });
  return [...holds, ...accounts];
}

function toCadence(name: string, cell = 0): PageTarget {
  return { kind: 'cadence', id: name, cell };
}

/** A breaker that is open holds; to a stranger, what is open lets through. */
function heldAs(state: HoldView['state']): string {
  return state === 'open' || state === 'half_open' ? `breaker ${stateInWords(state)}` : stateInWords(state);
}

/** It has failed and goes on; that is told where it fails. */
function isTrying(state: string): boolean {
  return state === 'backing_off' || state === 'half_open';
}

const AMISS: Partial<Readonly<Record<CadenceView['status'], string>>> = { failing: '', unproven: 'unproven', put_off: 'put off' };

function failingCells({ cadences }: TopView, { nowMs, paint }: Looks): readonly About[] {
  return cadences.flatMap((cadence): readonly About[] => {
    const word = AMISS[cadence.status];
    if (word === undefined) return [];
    const mark = cadence.status === 'failing' ? paint.red : paint.yellow;
    const what = word === '' ? failuresInARow(cadence.consecutive_failures) : word;
    const again = cadence.hold !== null && isTrying(cadence.hold.state) && cadence.hold.until !== null ? againAt(cadence.hold.until, nowMs) : '';
    const last = cadence.last_run === null ? '' : ago(cadence.last_run, nowMs);
    const cells = [mark(`${MARK[cadence.status]} ${oneLine(cadence.name)}`), what, last, again, oneLine(cadence.last_summary)];
    return [{ cells, to: toCadence(cadence.name) }];
  });
}

function againAt(until: string, nowMs: Ms): Moving {
  return coming(until, nowMs, (rest) => (rest === undefined ? 'next run is its probe' : `rests ${rest}`));
}

function incidentCells({ incidents }: TopView, { nowMs, paint }: Looks): readonly About[] {
  return incidents.map(({ id, cadence, state, title, occurrences, last_at }) => {
    const cells = [incidentMark(state, paint), oneLine(cadence), `${occurrences}×`, ago(last_at, nowMs), oneLine(title)];
    return { cells, to: { kind: 'incident', id, cell: cells.length - 1 } };
  });
}

function overlayCells({ overlays }: TopView, { paint }: Looks): readonly About[] {
  return overlays.map((overlay) => ({
    cells: [`${paint.yellow('✚')} ${oneLine(overlay.cadence)}`, oneLine(describeOverlay(overlay))],
    to: toCadence(overlay.cadence),
  }));
}

function runningCells({ running, cadences }: TopView, { nowMs, paint, isWide }: Looks): readonly About[] {
  if (running.length === 0) return [{ cells: [paint.dim('nothing runs')] }];
  const over = new Set(cadences.flatMap(({ name, is_over }) => (is_over ? [name] : [])));
  return running.map(({ cadence, run_id, started_at, last_line }) => ({
    cells: [
      `${paint.blue('▶')} ${oneLine(cadence)}`,
      over.has(cadence) ? '' : lasting(started_at, nowMs),
      ...(isWide ? [paint.dim(oneLine(run_id))] : []),
      over.has(cadence) ? 'it is over; the next owner records how it ended' : oneLine(last_line),
    ],
    to: { kind: 'run', id: run_id, cell: 0 },
  }));
}

/** Without those that a hold keeps, which is told already. */
function waitingCells({ cadences }: TopView, { paint }: Looks): readonly About[] {
  return cadences.flatMap(({ name, waiting, waits_because }): readonly About[] =>
    waits_because === null ? [] : [{ cells: [`${paint.dim('…')} ${oneLine(name)}`, waitersOf(waiting), oneLine(waits_because)], to: toCadence(name) }],
  );
}

function nextCells({ cadences }: TopView, { nowMs, paint, isWide }: Looks): readonly About[] {
  const due = cadences.flatMap(({ name, next, status }) => (next === null || status === 'disabled' ? [] : [{ name, next, isHeld: status === 'held' }]));
  const first = due.toSorted((a, b) => (a.next < b.next ? -1 : a.next > b.next ? 1 : 0));
  return first.map(({ name, next, isHeld }) => ({
    cells: [
      coming(next, nowMs, (rest) => (rest === undefined ? 'now' : `in ${rest}`)),
      `${oneLine(name)}${isHeld ? ', held' : ''}`,
      ...(isWide ? [paint.dim(clockTime(next, nowMs))] : []),
    ],
    to: toCadence(name, 1),
  }));
}

function eventRows({ events, root }: TopView, { nowMs, paint }: Looks): readonly Row[] {
  return events.filter(isToldAtOnce).flatMap((event) => {
    // Whatever its owner has written down of others: their names, their words.
    const harmless = JSON.parse(JSON.stringify(event), (_key, value: unknown) => (typeof value === 'string' ? oneLine(value) : value)) as typeof event;
    const line = describeEvent(harmless, paint, root);
    if (line === undefined) return [];
    const cells = [paint.dim(clockTime(event.ts, nowMs).replace('Z', '')), line];
    return [{ ...still(cells.join('  ')), cells, to: targetOf(event) }];
  });
}

function targetOf({ run_id, cadence }: BusEvent): PageTarget | undefined {
  if (run_id !== undefined) return { kind: 'run', id: run_id, cell: 0 };
  return cadence === undefined || cadence === CONTROL_CADENCE ? undefined : toCadence(cadence);
}

/** UTC, as everywhere; the day where it is another one. */
function clockTime(iso: string, nowMs: Ms): string {
  const text = oneLine(iso);
  const isToday = text.slice(0, 10) === new Date(nowMs).toISOString().slice(0, 10);
  return `${isToday ? '' : `${text.slice(5, 10)} `}${text.slice(11, 19)}Z`;
}
