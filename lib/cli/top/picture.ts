import type { Shown } from '../../app/live.ts';
import { cutToWidth, widthOf } from '../../core/text/width.ts';
import type { Ms } from '../../core/time/instant.ts';
import { soonest } from '../../core/time/soonest.ts';
import type { Paint } from '../command.ts';
import { ownerLine } from '../owner-line.ts';
import { countsLine } from '../verbs/status.ts';
import { type Moving, still } from './moving.ts';
import { oneLine, type Section, sectionsOf } from './sections.ts';

/** Where it is drawn, and what of it somebody looks at. */
export interface Frame {
  readonly columns: number;
  readonly rows: number;
  readonly scroll: number;
  readonly isHelp: boolean;
  readonly nowMs: Ms;
  readonly paint: Paint;
}

export interface Picture {
  /** No more than the rows of the frame, none wider than its columns. */
  readonly lines: readonly string[];
  readonly movesInMs: Ms | undefined;
  /** How far it can be scrolled. */
  readonly lastScroll: number;
}

interface Line extends Moving {
  readonly label: string;
  /** With it a section begins. */
  readonly isHead: boolean;
}

const LABEL_WIDTH = 14;
const NARROW = 60;
const WIDE = 100;
/** From so many rows on there are blank ones: around the log, and between all. */
const AIRY = 16;
const ROOMY = 28;
const PLAIN_EVENTS = 10;

/**
 * On top who runs the bus and how much there is, at the bottom the keys. In between every section has some of its rows, so that nothing
 * that needs somebody is out of sight; whoever scrolls sees all of them, one after the other.
 */
export function pictureOf(shown: Shown, frame: Frame): Picture {
  const { columns, rows, paint } = frame;
  const head = headOf(shown, frame).slice(0, rows);
  const room = Math.max(0, rows - head.length - 1);
  const sections = sectionsOf(shown.view, { ...frame, isWide: columns >= WIDE }, shown.refused);
  const all = lay(sections, rows);
  const rest = rows >= AIRY ? 1 : 0;
  const few = condense(sections, room - rest, rows);
  const lastScroll = all.length + rest <= room ? 0 : all.length - room + 1;
  const scroll = Math.min(frame.scroll, lastScroll);
  const body = scroll === 0 ? [...Array.from({ length: rest }, () => BLANK), ...few] : all.slice(scroll - 1, scroll - 1 + room);
  const help = frame.isHelp ? KEYS.map((text) => ({ ...still(text), label: '', isHead: false })) : undefined;
  const seen = (help ?? body).slice(0, room);
  const texts = [...head, ...seen.map((line, index) => labelled(line, index === 0, columns, paint))];
  const filled = [...texts, ...Array.from({ length: Math.max(0, rows - 1 - texts.length) }, () => '')];
  const foot = footOf(shown.view.root, { ...frame, scroll, lastScroll });
  return {
    lines: [...filled, foot].slice(0, rows).map((text) => cutToWidth(text, columns)),
    movesInMs: soonest(seen.map(({ movesInMs }) => movesInMs)),
    lastScroll,
  };
}

/** All of it, one line after the other, for whoever has no screen; of the log the end. */
export function plainPicture(shown: Shown, frame: Pick<Frame, 'columns' | 'nowMs' | 'paint'>): string {
  const sections = sectionsOf(shown.view, { ...frame, isWide: frame.columns >= WIDE }, shown.refused).map((section) =>
    section.isLog === true ? { ...section, rows: section.rows.slice(-PLAIN_EVENTS) } : section,
  );
  const lines = [...headOf(shown, frame), '', ...lay(sections, ROOMY).map((line) => labelled(line, false, frame.columns, frame.paint))];
  return lines.map((text) => cutToWidth(text, frame.columns).trimEnd()).join('\n');
}

const BLANK: Line = { ...still(''), label: '', isHead: false };

const KEYS = [
  'Keys',
  '  q          quit',
  '  ↓ ↑ j k    a line down, a line up',
  '  PgDn PgUp  a screen down, a screen up',
  '  End Home   to the end, to the top',
  '  ?          these keys; any key hides them',
  'It only looks. Times of day are UTC.',
];

export function headOf({ view }: Pick<Shown, 'view'>, { columns, paint }: Pick<Frame, 'columns' | 'paint'>): readonly string[] {
  const { owner, counts, summary } = view;
  const short = `inbox ${counts.inbox} · waiting ${counts.waiting} · running ${counts.claimed} · dead ${counts.dlq}`;
  const kinds = (['failing', 'held', 'unproven', 'put_off', 'running', 'healthy', 'never_run', 'disabled'] as const)
    .filter((kind) => summary[kind] > 0)
    .map((kind) => `${summary[kind]} ${kind.replace('_', ' ')}`);
  const cadences =
    summary.cadences === 0 ? 'no cadence is defined' : `${summary.cadences} ${summary.cadences === 1 ? 'cadence' : 'cadences'}: ${kinds.join(', ')}`;
  // An owner tells of itself in words that others may have written.
  const about = { ...owner, because: owner.because === null ? null : oneLine(owner.because) };
  return [ownerLine(about, paint), columns < NARROW ? short : `${countsLine(counts)}  ${paint.dim(cadences)}`];
}

function footOf(root: string, { columns, rows, scroll, lastScroll, paint }: Frame & { readonly lastScroll: number }): string {
  const more = lastScroll === 0 ? '' : scroll === 0 ? '  ↓ more' : scroll < lastScroll ? '  ↑↓ more' : '  ↑ more';
  const keys = ` q quit  ? keys${more}`;
  const where = oneLine(root);
  const gap = columns - widthOf(keys) - widthOf(where) - 1;
  return rows < 2 ? '' : paint.dim(gap > 1 ? `${keys}${' '.repeat(gap)}${where}` : keys);
}

/** With a name and a number in front, where there is room for them. */
function labelled({ label, text, isHead }: Line, isFirst: boolean, columns: number, paint: Paint): string {
  if (columns < NARROW) return text;
  const shown = isHead || isFirst ? label : '';
  if (`${shown}${text}` === '') return '';
  return `${shown === '' ? '' : paint.bold(shown)}${' '.repeat(LABEL_WIDTH - shown.length)}${text}`;
}

function hasGap({ isLog }: Section, index: number, rows: number): boolean {
  return index > 0 && (rows >= ROOMY || (isLog === true && rows >= AIRY));
}

function lay(sections: readonly Section[], rows: number, taken?: readonly number[]): readonly Line[] {
  return sections.flatMap((section, index) => {
    const { label, isLog } = section;
    const count = taken?.[index] ?? section.rows.length;
    const kept = isLog === true ? section.rows.slice(section.rows.length - count) : section.rows.slice(0, count);
    const title = isLog === true || section.count === 1 ? label : `${label} ${section.count}`;
    const lines = kept.map((row, at): Line => ({ ...row, label: title, isHead: at === 0 }));
    return lines.length > 0 && hasGap(section, index, rows) ? [BLANK, ...lines] : lines;
  });
}

/** Each section in turn gets one row more, first up to what it needs at rest. */
function condense(sections: readonly Section[], room: number, rows: number): readonly Line[] {
  const taken = sections.map(() => 0);
  let left = room - sections.filter((section, index) => hasGap(section, index, rows)).length;
  const deal = (limit: (section: Section) => number): void => {
    for (let isGiven = true; isGiven && left > 0; ) {
      isGiven = false;
      for (const [index, section] of sections.entries()) {
        const has = taken[index] ?? 0;
        if (left === 0 || has >= Math.min(section.rows.length, limit(section))) continue;
        taken[index] = has + 1;
        left -= 1;
        isGiven = true;
      }
    }
  };
  deal(({ atRest }) => atRest);
  deal(() => Number.POSITIVE_INFINITY);
  return lay(sections, rows, taken);
}
