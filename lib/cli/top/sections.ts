import { type HoldView, stateInWords } from '../../app/answers/holds.ts';
import { describeOverlay } from '../../app/answers/overlays.ts';
import type { CadenceView } from '../../app/answers/status.ts';
import type { TopView } from '../../app/answers/top-view.ts';
import { SETTINGS_FILE } from '../../core/paths.ts';
import { toVisible, truncate } from '../../core/text/excerpt.ts';
import type { Ms } from '../../core/time/instant.ts';
import type { Paint } from '../command.ts';
import { isToldAtOnce } from '../commentary.ts';
import { describeEvent } from '../event-words.ts';
import { table } from '../output.ts';
import { failuresInARow, MARK, shownHolds, waitersOf } from '../verbs/status.ts';
import { ago, coming, lasting, type Moving, soonest, still } from './moving.ts';

/** What belongs together, most important first. */
export interface Section {
  readonly label: string;
  readonly rows: readonly Moving[];
  /** Of how many things it tells; one may take two rows. */
  readonly count: number;
  /** So many of its rows are shown before others get more. */
  readonly atRest: number;
  /** Its last rows are those that matter most. */
  readonly isLog?: true;
}

export interface Looks {
  readonly nowMs: Ms;
  readonly paint: Paint;
  /** There is room for what is good to have: ids, and instants beside durations. */
  readonly isWide: boolean;
}

type Cells = readonly (string | Moving)[];

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
function sectionOf(label: string, cells: readonly Cells[], atRest: number): Section {
  const lines = cells.length === 0 ? [] : table(cells.map((row) => row.map((cell) => (typeof cell === 'string' ? cell : cell.text)))).split('\n');
  const rows = cells.map((row, index) => ({
    text: lines[index] ?? '',
    movesInMs: soonest(row.map((cell) => (typeof cell === 'string' ? undefined : cell.movesInMs))),
  }));
  return { label, rows, count: cells.filter(([first]) => first !== '').length, atRest };
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

function brokenCells({ settings_fault, misnamed, broken_edits, root }: TopView, { paint }: Looks, refused: string | undefined): readonly Cells[] {
  const isNamed = broken_edits.some(({ name }) => name === SETTINGS_FILE);
  const told = [
    ...(refused === undefined ? [] : [`this is how it was, for it cannot be read now: ${refused}`]),
    ...(settings_fault === null || isNamed ? [] : [settings_fault]),
    ...misnamed,
    ...broken_edits.map(({ name, because }) => `${name}: the last good version goes on: ${because}`),
  ];
  return told.map((text) => [`${paint.red('!')} ${oneLine(near(text, root))}`]);
}

function heldCells(view: TopView, { nowMs, paint, isWide }: Looks): readonly Cells[] {
  const left = (until: string | null, over: string): string | Moving =>
    until === null ? '' : coming(until, nowMs, (rest) => (rest === undefined ? over : `${rest} left${isWide ? `, until ${clockTime(until, nowMs)}` : ''}`));
  const accounts = view.accounts.flatMap((account): readonly Cells[] => [
    [paint.yellow(`‖ account ${oneLine(account.account)}`), heldAs(account.state), left(account.until, 'one run goes first'), oneLine(account.because)],
    ['', '', account.waiting_ticks === 0 ? '' : waitersOf(account.waiting_ticks), `${paint.bold('→')} ${oneLine(account.advice)}`],
  ]);
  const holds = shownHolds(view)
    .filter(({ key, state }) => !isTrying(state) || !key.startsWith('cadence:'))
    .map((hold): Cells => {
      const { key, state, until, because } = hold;
      return [
        paint.yellow(`‖ ${oneLine(key.replace(/^cadence:/, ''))}`),
        heldAs(state),
        left(until, 'the next tick is its probe'),
        oneLine(near(because, view.root)),
      ];
    });
  return [...holds, ...accounts];
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

function failingCells({ cadences }: TopView, { nowMs, paint }: Looks): readonly Cells[] {
  return cadences.flatMap((cadence): readonly Cells[] => {
    const word = AMISS[cadence.status];
    if (word === undefined) return [];
    const mark = cadence.status === 'failing' ? paint.red : paint.yellow;
    const what = word === '' ? failuresInARow(cadence.consecutive_failures) : word;
    const again = cadence.hold !== null && isTrying(cadence.hold.state) && cadence.hold.until !== null ? againAt(cadence.hold.until, nowMs) : '';
    const last = cadence.last_run === null ? '' : ago(cadence.last_run, nowMs);
    return [[mark(`${MARK[cadence.status]} ${oneLine(cadence.name)}`), what, last, again, oneLine(cadence.last_summary)]];
  });
}

function againAt(until: string, nowMs: Ms): Moving {
  return coming(until, nowMs, (rest) => (rest === undefined ? 'next run is its probe' : `rests ${rest}`));
}

function incidentCells({ incidents }: TopView, { nowMs, paint }: Looks): readonly Cells[] {
  return incidents.map(({ cadence, state, title, occurrences, last_at }) => {
    const color = state === 'ignored' ? paint.dim : state === 'healing' ? paint.yellow : paint.red;
    return [color(`◆ ${state.replace('_', ' ')}`), oneLine(cadence), `${occurrences}×`, ago(last_at, nowMs), oneLine(title)];
  });
}

function overlayCells({ overlays }: TopView, { paint }: Looks): readonly Cells[] {
  return overlays.map((overlay) => [`${paint.yellow('✚')} ${oneLine(overlay.cadence)}`, oneLine(describeOverlay(overlay))]);
}

function runningCells({ running, cadences }: TopView, { nowMs, paint, isWide }: Looks): readonly Cells[] {
  if (running.length === 0) return [[paint.dim('nothing runs')]];
  const over = new Set(cadences.flatMap(({ name, is_over }) => (is_over ? [name] : [])));
  return running.map(({ cadence, run_id, started_at, last_line }) => [
    `${paint.blue('▶')} ${oneLine(cadence)}`,
    over.has(cadence) ? '' : lasting(started_at, nowMs),
    ...(isWide ? [paint.dim(oneLine(run_id))] : []),
    over.has(cadence) ? 'it is over; the next owner records how it ended' : oneLine(last_line),
  ]);
}

/** Without those that a hold keeps, which is told already. */
function waitingCells({ cadences }: TopView, { paint }: Looks): readonly Cells[] {
  return cadences.flatMap(({ name, waiting, waits_because }): readonly Cells[] =>
    waits_because === null ? [] : [[`${paint.dim('…')} ${oneLine(name)}`, waitersOf(waiting), oneLine(waits_because)]],
  );
}

function nextCells({ cadences }: TopView, { nowMs, paint, isWide }: Looks): readonly Cells[] {
  const due = cadences.flatMap(({ name, next, status }) => (next === null || status === 'disabled' ? [] : [{ name, next, isHeld: status === 'held' }]));
  const first = due.toSorted((a, b) => (a.next < b.next ? -1 : a.next > b.next ? 1 : 0));
  return first.map(({ name, next, isHeld }) => [
    coming(next, nowMs, (rest) => (rest === undefined ? 'now' : `in ${rest}`)),
    `${oneLine(name)}${isHeld ? ', held' : ''}`,
    ...(isWide ? [paint.dim(clockTime(next, nowMs))] : []),
  ]);
}

function eventRows({ events, root }: TopView, { nowMs, paint }: Looks): readonly Moving[] {
  return events.filter(isToldAtOnce).flatMap((event) => {
    // Whatever its owner has written down of others: their names, their words.
    const harmless = JSON.parse(JSON.stringify(event), (_key, value: unknown) => (typeof value === 'string' ? oneLine(value) : value)) as typeof event;
    const line = describeEvent(harmless, paint, root);
    return line === undefined ? [] : [still(`${paint.dim(clockTime(event.ts, nowMs).replace('Z', ''))}  ${line}`)];
  });
}

/** UTC, as everywhere; the day where it is another one. */
function clockTime(iso: string, nowMs: Ms): string {
  const text = oneLine(iso);
  const isToday = text.slice(0, 10) === new Date(nowMs).toISOString().slice(0, 10);
  return `${isToday ? '' : `${text.slice(5, 10)} `}${text.slice(11, 19)}Z`;
}
