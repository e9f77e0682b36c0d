import { type Ms, parseIso, toIso } from '../time/instant.ts';
import type { AttemptStatus } from './attempt.ts';

/**
 * What the ladder remembers, in one document: plain JSON, names on disk. A fix goes one way:
 *
 *     working ── it says that it is done ──▶ pending ── proof, and its window over ──▶ kept ── again within 7 days ──▶ recurred
 *        │                                      └────── the same failure again ──────▶ regressed (undone)
 *        └── no usable answer ──▶ crashed
 */
export interface HealBook {
  readonly format: 1;
  /** By fingerprint. */
  readonly prints: Readonly<Record<string, Print>>;
  /** What the next runs of a cadence see in their environment, until a proof or a regression. */
  readonly overlays: Readonly<Record<string, Overlay>>;
  /** When fixes of `<cadence>/<detector>` began, in the last hour. */
  readonly hours: Readonly<Record<string, Hour>>;
}

export const NO_HEALING: HealBook = { format: 1, prints: {}, overlays: {}, hours: {} };

/** One bug: what was tried, and what came of it. */
export interface Print {
  readonly cadence: string;
  readonly incident_id: string;
  readonly seen_at: string;
  /** Runs that failed so since the last proof. */
  readonly failures: number;
  /** Dead ticks that rules gave another try since the last proof. */
  readonly revived: number;
  /** A rule's fix did not hold: rules are passed by until the next proof. */
  readonly rule_regressed?: true;
  /** Fixes of agents, programs and people that did not hold. Outlives a proof. */
  readonly regressions: number;
  readonly agent_at?: string;
  /** How long programs and agents have worked on this incident. */
  readonly wall_ms: number;
  /** When a fix was last proven. */
  readonly kept_at?: string;
  /** Whose it was, until it is known not to have held. */
  readonly kept_source?: string;
  /** That fix, until the same failure comes again: within 7 days it is its recurrence. */
  readonly kept_fix?: EndedFix;
  /** Fixes begun in this incident: the next one has this number and one. */
  readonly fixes: number;
  /** When the last of them began: no two begin at the same instant, which is what the ledger knows them by. */
  readonly begun_at?: string;
  readonly fix?: Fix;
  /** What the last fix that ended was, for whoever tries next. */
  readonly last_fix?: string;
  /** The step that the last failure led to: told twice, it leads to the same. */
  readonly last?: { readonly run_id: string; readonly step: Step; readonly ended?: EndedFix; readonly recurred?: EndedFix };
}

export interface Fix {
  readonly n: number;
  readonly incident_id: string;
  readonly fingerprint: string;
  readonly cadence: string;
  readonly detector: string;
  /** `rule:restart`, `rule:command`, `agent`, `session`, `human`. */
  readonly source: string;
  readonly status: 'working' | 'pending';
  readonly began_at: string;
  readonly applied_at?: string;
  /** It was proven, and its window is not over. */
  readonly proven_at?: string;
  readonly verify_ms: Ms;
  /** The run whose failure it answers. */
  readonly run_id: string;
  readonly description: string;
  readonly set?: Readonly<Record<string, string>>;
  /** Which rung of `on_failure` it is; -1: the diagnosis, or a person. */
  readonly rung: number;
  /** Who was set to work on it: an edit may have taken the rung away, or given its place to another. */
  readonly worker?: string;
}

export interface EndedFix extends Omit<Fix, 'status'> {
  readonly status: Exclude<AttemptStatus, 'pending'>;
}

export interface Overlay {
  readonly values: Readonly<Record<string, string>>;
  readonly since: string;
  readonly incident_id: string;
  readonly source: string;
}

export interface Hour {
  readonly began: readonly string[];
  /** Too many: nothing more is tried until a person approves. */
  readonly capped_at?: string;
}

/** What is to be done about a failure. */
export type Step =
  /** The retry policy goes on, or something is at work already. */
  | { readonly kind: 'none'; readonly because: string }
  /** `revives`: its tick is dead, and gets another try. */
  | { readonly kind: 'act'; readonly act: 'retry' | 'restart'; readonly revives: boolean; readonly fix: Fix }
  /** A program or an agent is set to work, or a session is asked. */
  | { readonly kind: 'start'; readonly fix: Fix; readonly with: 'command' | 'agent' | 'session'; readonly timeoutMs: Ms }
  | { readonly kind: 'hold'; readonly how: 'pause' | 'abort'; readonly because: string }
  | { readonly kind: 'human'; readonly because: string; readonly sinks: readonly string[]; readonly isChronic: boolean };

const KEPT_FOR_MS: Ms = 30 * 86_400_000;
const RECURS_WITHIN_MS: Ms = 7 * 86_400_000;
const REBREAKS_WITHIN_MS: Ms = 86_400_000;
const HOUR_MS: Ms = 3_600_000;

export function printOf(book: HealBook, fingerprint: string): Print | undefined {
  return Object.hasOwn(book.prints, fingerprint) ? book.prints[fingerprint] : undefined;
}

/** What has not been seen for a month, and has nothing under way, is forgotten. */
export function withPrint(book: HealBook, fingerprint: string, print: Print, nowMs: Ms): HealBook {
  const isKept = (one: Print): boolean => one.fix !== undefined || nowMs - (parseIso(one.seen_at) ?? 0) < KEPT_FOR_MS;
  const prints = Object.entries({ ...book.prints, [fingerprint]: print }).filter(([, one]) => isKept(one));
  return { ...book, prints: Object.fromEntries(prints) };
}

export function withOverlay(book: HealBook, cadence: string, overlay: Overlay | undefined): HealBook {
  const { [cadence]: _old, ...others } = book.overlays;
  return { ...book, overlays: overlay === undefined ? others : { ...others, [cadence]: overlay } };
}

export function overlayOf(book: HealBook, cadence: string): Overlay | undefined {
  return Object.hasOwn(book.overlays, cadence) ? book.overlays[cadence] : undefined;
}

export const hourKey = (cadence: string, detector: string): string => `${cadence}/${detector}`;

export function hourOf(book: HealBook, key: string, nowMs: Ms): Hour {
  const hour = Object.hasOwn(book.hours, key) ? (book.hours[key] as Hour) : { began: [] };
  // What a clock began that has been set back since is no part of this hour.
  return { ...hour, began: hour.began.filter((at) => Math.abs(nowMs - (parseIso(at) ?? 0)) < HOUR_MS) };
}

export function withHour(book: HealBook, key: string, hour: Hour, nowMs: Ms): HealBook {
  const others = Object.keys(book.hours).filter((one) => one !== key);
  const kept = others.map((one) => [one, hourOf(book, one, nowMs)] as const);
  const all = [...kept, [key, hour] as const].filter(([, { began, capped_at }]) => began.length > 0 || capped_at !== undefined);
  return { ...book, hours: Object.fromEntries(all) };
}

/** A bug that has not been met before, or an incident that is a new one of the same bug. */
export function printFor(before: Print | undefined, cadence: string, incidentId: string, nowMs: Ms): Print {
  const seen_at = toIso(nowMs);
  if (before === undefined) return { cadence, incident_id: incidentId, seen_at, failures: 0, revived: 0, regressions: 0, wall_ms: 0, fixes: 0 };
  if (before.incident_id === incidentId) return { ...before, seen_at };
  return { ...before, incident_id: incidentId, seen_at, wall_ms: 0, fixes: 0 };
}

export interface Regression {
  readonly print: Print;
  /** The fix that did not hold. */
  readonly ended?: EndedFix;
}

/**
 * One more failure. A fix under proof that was in force when the run began did not hold. What was proven not a day ago and
 * breaks again did not hold either, which the next rest of an agent remembers.
 */
export function onFailure(before: Print, startedMs: Ms, nowMs: Ms, isJudged: boolean): Regression {
  const print = { ...before, failures: before.failures + 1 };
  const { fix } = before;
  if (fix?.status === 'pending' && isJudged && startedMs >= (parseIso(fix.applied_at) ?? 0)) {
    const ended: EndedFix = { ...fix, status: 'regressed' };
    return { print: { ...withoutFix(print, ended), ...blamed(print, ended) }, ended };
  }
  const keptMs = parseIso(before.kept_at);
  const { kept_source, ...rest } = print;
  if (before.failures > 0 || keptMs === undefined || nowMs - keptMs >= REBREAKS_WITHIN_MS) return { print };
  if (kept_source === undefined || isRuleSource(kept_source)) return { print };
  // Once for each fix: what breaks and rests in turn has had no other.
  return { print: { ...rest, regressions: print.regressions + 1 } };
}

const isRuleSource = (source: string): boolean => source.startsWith('rule:') && source !== 'rule:command';

function blamed(print: Print, { source }: EndedFix): Pick<Print, 'rule_regressed' | 'regressions'> {
  return isRuleSource(source) ? { rule_regressed: true, regressions: print.regressions } : { regressions: print.regressions + 1 };
}

export interface Recurrence {
  readonly print: Print;
  /** The fix that was kept, and did not last. */
  readonly recurred?: EndedFix;
}

/** One more failure. What was kept not a week ago has recurred; a fix does so once. A run that began before it says nothing of it. */
export function onRecurrence(before: Print, startedMs: Ms, failedMs: Ms): Recurrence {
  const { kept_fix, ...print } = before;
  if (kept_fix === undefined || startedMs < (parseIso(kept_fix.applied_at) ?? 0)) return { print: before };
  if (failedMs - (parseIso(kept_fix.proven_at) ?? 0) > RECURS_WITHIN_MS) return { print };
  const recurred: EndedFix = { ...kept_fix, status: 'recurred' };
  return { print: { ...print, last_fix: toldOf(recurred) }, recurred };
}

/** Whether a fix was proven so recently that this failure is its recurrence. */
export function isRecurrence({ kept_at, failures }: Print, nowMs: Ms): boolean {
  const keptMs = parseIso(kept_at);
  return failures <= 1 && keptMs !== undefined && nowMs - keptMs <= RECURS_WITHIN_MS;
}

/** The instant at which the next fix begins. */
export function beginsAt({ begun_at }: Print, nowMs: Ms): string {
  return toIso(Math.max(nowMs, (parseIso(begun_at) ?? 0) + 1));
}

export function withoutFix(print: Print, ended: EndedFix): Print {
  const { fix: _fix, ...rest } = print;
  return { ...rest, last_fix: toldOf(ended) };
}

function toldOf({ source, status, description }: EndedFix): string {
  return `${source} (${status}): ${description}`.slice(0, 600);
}

export interface Proven {
  readonly print: Print;
  readonly ended?: EndedFix;
  /** When its window is over. */
  readonly waitsUntilMs?: Ms;
}

/** A run of the cadence ended well. */
export function onProof(before: Print, nowMs: Ms): Proven {
  const { rule_regressed: _rule, ...rest } = before;
  const { fix } = before;
  // A program or an agent that is at work has not had its say.
  if (fix?.status === 'working') return { print: { ...rest, failures: 0, revived: 0 } };
  const proven = fix === undefined ? rest : { ...rest, fix: { ...fix, proven_at: fix.proven_at ?? toIso(nowMs) } };
  return afterWindow({ ...proven, failures: 0, revived: 0 }, nowMs);
}

/** A fix that was proven is kept once the same failure had its time to return. */
export function afterWindow(print: Print, nowMs: Ms): Proven {
  const { fix } = print;
  if (fix?.proven_at === undefined) return { print };
  const untilMs = (parseIso(fix.applied_at) ?? 0) + fix.verify_ms;
  if (nowMs < untilMs) return { print, waitsUntilMs: untilMs };
  const ended: EndedFix = { ...fix, status: 'kept' };
  return { print: { ...withoutFix(print, ended), kept_at: fix.proven_at, kept_source: fix.source, kept_fix: ended }, ended };
}

/** A person says: go on. What held the ladder is forgotten. */
export function onApproval(print: Print): Print {
  const { agent_at: _at, rule_regressed: _rule, ...rest } = print;
  return { ...rest, regressions: 0, wall_ms: 0, revived: 0 };
}
