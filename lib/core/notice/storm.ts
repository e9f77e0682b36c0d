import { type Ms, parseIso, toIso } from '../time/instant.ts';

/**
 * Many incidents at once: the first few are told one by one, the rest of a window in one summary at its end. What failed
 * and was well again before that is told to nobody.
 */
export interface Storm {
  /** When the window began; absent: nothing was told lately. */
  readonly window_at?: string;
  readonly told: number;
  readonly held: readonly StormLine[];
}

export interface StormLine {
  readonly kind: 'failure' | 'reminder' | 'recovery';
  readonly incident_id: string;
  readonly cadence: string;
  readonly title: string;
}

export const STILL: Storm = { told: 0, held: [] };
const STORM_WINDOW_MS: Ms = 10 * 60_000;
const STORM_MOST = 5;
const MOST_LINES = 2_000;

/** Whether this line is told by itself; else it is held for the summary. */
export function admitLine(storm: Storm, line: StormLine, nowMs: Ms): { readonly next: Storm; readonly isAlone: boolean; readonly isUntold: boolean } {
  const open = isOpen(storm, nowMs) ? storm : { ...STILL, window_at: toIso(nowMs), held: storm.held };
  const hidden = open.held.some(({ kind, incident_id }) => kind === 'failure' && incident_id === line.incident_id);
  const others = open.held.filter(({ incident_id }) => incident_id !== line.incident_id);
  if (line.kind === 'recovery' && hidden) return { next: { ...open, held: others }, isAlone: false, isUntold: true };
  if (open.told < STORM_MOST && open.held.length === 0) return { next: { ...open, told: open.told + 1 }, isAlone: true, isUntold: false };
  return { next: { ...open, held: [...others, line].slice(-MOST_LINES) }, isAlone: false, isUntold: false };
}

/** When the summary is due; undefined: there is nothing to sum up. A window of a clock that has been set back since is over. */
export function summaryDueMs({ window_at, held }: Storm, nowMs: Ms): Ms | undefined {
  const fromMs = parseIso(window_at) ?? 0;
  return held.length === 0 ? undefined : fromMs > nowMs ? nowMs : fromMs + STORM_WINDOW_MS;
}

function isOpen({ window_at }: Storm, nowMs: Ms): boolean {
  const fromMs = parseIso(window_at);
  return fromMs !== undefined && fromMs <= nowMs && nowMs - fromMs < STORM_WINDOW_MS;
}

const MOST_NAMES = 10;

/** `45 more incidents: a, b and 43 more.` */
export function summaryText(lines: readonly StormLine[]): string {
  const of = (kind: StormLine['kind']): readonly string[] => [...new Set(lines.filter((line) => line.kind === kind).map(({ cadence }) => cadence))];
  const parts = [
    sentence(of('failure'), 'fails as well', 'fail as well'),
    sentence(of('reminder'), 'still fails', 'still fail'),
    sentence(of('recovery'), 'has recovered', 'have recovered'),
  ];
  return `${parts.filter((part) => part !== '').join(' ')} See cadence-bus incidents.`;
}

/** What was told to nobody in a week, because it comes and goes by itself. */
export function digestText(
  entries: readonly { readonly cadence: string; readonly episodes: number; readonly failures: number; readonly longest: string }[],
): string {
  const lines = entries
    .slice(0, MOST_NAMES)
    .map(({ cadence, episodes, failures, longest }) => `${cadence}: ${episodes} times (${failures} failures), at most ${longest}`);
  const rest = entries.length - MOST_NAMES;
  return ['This week, told to nobody because it healed by itself:', ...lines, ...(rest > 0 ? [`and ${rest} more`] : []), 'See cadence-bus learn.'].join('\n');
}

function sentence(names: readonly string[], one: string, many: string): string {
  if (names.length === 0) return '';
  const rest = names.length - MOST_NAMES;
  const shown = names.slice(0, MOST_NAMES).join(', ');
  return `${names.length === 1 ? '' : `${names.length} cadences `}${names.length === 1 ? `${shown} ${one}.` : `${many}: ${shown}${rest > 0 ? ` and ${rest} more` : ''}.`}`;
}
