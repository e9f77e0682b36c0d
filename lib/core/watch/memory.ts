import { isTellingDue, type Level } from '../slot/lateness.ts';
import { type Ms, parseIso, toIso } from '../time/instant.ts';
import type { Filed } from './findings.ts';
import type { ReloadTraces } from './reload-trace.ts';
import { isDeadTimer, type Reloads, type Worry } from './watch.ts';

/** What the watchman knows of his last round (`heartbeat.json`). Names on disk, so snake_case. One writer at a time: he himself. */
export interface WatchMemory {
  readonly format: 1;
  /** The end of the round. */
  readonly at: string;
  readonly ok: boolean;
  /** After so long he is expected again. */
  readonly interval_ms: Ms;
  readonly enabled: boolean;
  /** What was wrong, in words. */
  readonly because: string;
  /** When timers were given to the manager anew for want of their slots, by label. */
  readonly reloads: Readonly<Record<string, string>>;
  /** What became of the reloads of thirty days, by cadence; an earlier version did not keep them. */
  readonly reload_history?: ReloadTraces | undefined;
  /** What was told, by worry. */
  readonly told: Readonly<Record<string, { readonly level: Level; readonly at: string }>>;
  /** When an agent looked, by worry. */
  readonly diagnosed: Readonly<Record<string, string>>;
  /** What was put on file, by worry; an earlier version did not. */
  readonly filed?: Filed | undefined;
}

export function reloadsOf(memory: WatchMemory | undefined): Reloads {
  return Object.fromEntries(Object.entries(memory?.reloads ?? {}).map(([label, at]) => [label, parseIso(at) ?? 0]));
}

/** What is worth telling now: a worry that is new, or of another level, or a day old; the dead timers sooner; and what is well again. */
export interface Telling {
  readonly due: readonly Worry[];
  readonly recovered: readonly string[];
  readonly told: WatchMemory['told'];
}

/** P24: dead timers are one set. */
const DEAD_TIMERS_AGAIN_MS: Ms = 4 * 3_600_000;

/** `unkept`: what was told beside what is remembered. */
export function tellingOf(memory: WatchMemory | undefined, worries: readonly Worry[], nowMs: Ms, unkept: readonly string[] = []): Telling {
  const before = memory?.told ?? {};
  const isDeadSetDue = isDueOfSet(before, worries.filter(isDeadTimer), nowMs);
  const due = worries.filter((worry) => {
    if (isDeadTimer(worry)) return isDeadSetDue;
    const last = before[worry.key];
    return isTellingDue(worry.level, last === undefined ? undefined : { level: last.level, atMs: parseIso(last.at) ?? 0 }, nowMs);
  });
  const now = Object.fromEntries(
    worries.map(({ key, level }) => [key, { level, at: due.some((one) => one.key === key) ? toIso(nowMs) : (before[key]?.at ?? '') }]),
  );
  return { due, recovered: [...Object.keys(before), ...unkept].filter((key) => now[key] === undefined), told: now };
}

const HOUR_MS: Ms = 3_600_000;

/** Where what was told cannot be kept: once an hour, and nothing of what is well again, which would be told for ever. */
export function tellingUnkept(memory: WatchMemory | undefined, worries: readonly Worry[], nowMs: Ms, intervalMs: Ms): Telling {
  const { due, told } = tellingOf(memory, worries, nowMs);
  const isFirstOfHour = Math.floor(nowMs / HOUR_MS) > Math.floor((nowMs - intervalMs) / HOUR_MS);
  return { due: isFirstOfHour ? due : [], recovered: [], told };
}

/** The whole set is told again when it has changed, in either direction, or four hours have passed. */
function isDueOfSet(before: WatchMemory['told'], dead: readonly Worry[], nowMs: Ms): boolean {
  const known = Object.keys(before).filter((key) => isDeadTimer({ key }));
  if (known.length !== dead.length || dead.some(({ key }) => before[key] === undefined)) return true;
  const lastMs = Math.max(...known.map((key) => parseIso(before[key]?.at) ?? 0));
  return nowMs - lastMs >= DEAD_TIMERS_AGAIN_MS || lastMs > nowMs;
}
