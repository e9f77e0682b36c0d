import { type Level, levelOf } from '../slot/lateness.ts';
import type { TimerView } from '../slot/timer.ts';
import { formatDuration } from '../time/duration.ts';
import { type Ms, toIso } from '../time/instant.ts';

/**
 * What the watchman sees on a round, and what he does about it, as rules. He repairs first, in this order: the owner, the
 * timers that the manager of the system has lost or given up, the timers that it holds and that do not come; then he
 * gives all of it a while, looks again, and tells what is left.
 */
export interface Sight {
  readonly atMs: Ms;
  readonly owner: OwnerSight;
  readonly timers: readonly TimerView[];
  /** Timers that have let slots pass, by cadence. */
  readonly late: Readonly<Record<string, LateTimer>>;
  readonly missing: readonly Missing[];
}

export interface OwnerSight {
  readonly state: 'running' | 'silent' | 'stopped' | 'died' | 'never_started';
  readonly pid: number | null;
  /** A job of launchd or systemd is to keep it alive. */
  readonly isInstalled: boolean;
  /** Why it must be doubted that it gets on; undefined: it does. */
  readonly stuck: string | undefined;
  /** Since when timers ask in vain; undefined: none has noticed. */
  readonly goneSinceMs?: Ms | undefined;
}

/** So many slots in a row the timer has not asked for, since the first of them. */
export interface LateTimer {
  readonly sinceMs: Ms;
  readonly slots: number;
  readonly expectedMs: Ms;
}

/** A cadence whose run is missing. */
export interface Missing {
  readonly cadence: string;
  readonly level: Level;
  /** undefined: it has never run. */
  readonly lastRunMs: Ms | undefined;
  /** Since when a run is waited for: the last one, or the last edit of its definition. */
  readonly sinceMs: Ms;
  readonly expectedMs: Ms;
  /** Slots since then that were missed. */
  readonly slots: readonly string[];
  readonly because: string;
  /** A breaker, an account or a budget keeps it from running. */
  readonly isHeld: boolean;
  /** Somebody has said that it is nothing to be warned of. */
  readonly ignoredUntilMs: Ms | undefined;
}

export interface MissingInput {
  readonly cadence: string;
  readonly nowMs: Ms;
  readonly lastRunMs: Ms | undefined;
  readonly sinceMs: Ms;
  readonly expectedMs: Ms;
  /** Slots since then that were missed, oldest first. */
  readonly missed: readonly { readonly at: string; readonly because: string }[];
  /** What holds it, in words. */
  readonly held: string | undefined;
  /** Why it did not do its work when it was last asked to, in words: it asked to be tried later. */
  readonly putOff: string | undefined;
  readonly ignoredUntilMs: Ms | undefined;
}

/** undefined: nothing is missing. A slot that was missed counts at once; else a run is missing when more time has passed than two slots may lie apart. */
export function judgeMissing(input: MissingInput): Missing | undefined {
  const { cadence, nowMs, lastRunMs, sinceMs, expectedMs, missed, held, putOff, ignoredUntilMs } = input;
  const passedMs = nowMs - sinceMs;
  const last = missed.at(-1);
  if (passedMs <= expectedMs && last === undefined) return undefined;
  const run = lastRunMs === undefined ? 'it has never run' : `it last ran ${formatDuration(nowMs - lastRunMs)} ago`;
  const wait = passedMs > expectedMs ? `${run}, and ${formatDuration(expectedMs)} is the most that its schedule allows` : run;
  const because = [wait, last === undefined ? undefined : `the slot of ${last.at} was missed: ${last.because}`, held ?? putOff].filter(
    (part) => part !== undefined,
  );
  return {
    ...{ cadence, lastRunMs, sinceMs, expectedMs, ignoredUntilMs, isHeld: held !== undefined },
    level: levelOf(passedMs, expectedMs),
    slots: missed.map(({ at }) => at),
    because: because.join('; '),
  };
}

/** What is done about it. `label`: what the manager of the system calls the job. */
export type Repair =
  | { readonly kind: 'start_owner'; readonly because: string }
  | { readonly kind: 'wake_owner'; readonly because: string }
  | { readonly kind: 'reload'; readonly name: string; readonly label: string; readonly because: string };

/** When each job was given to the manager anew for want of its slots. */
export type Reloads = Readonly<Record<string, Ms>>;

const LEAST_COOLDOWN_MS: Ms = 2 * 3_600_000;

export function repairsOf({ owner, timers, late, atMs }: Sight, reloads: Reloads): readonly Repair[] {
  const job = timers.find(({ role }) => role === 'owner');
  const lost = timers.filter(({ role, state }) => role !== 'owner' && isLost(state)).map((timer) => reload(timer, reasonOf(timer)));
  const stale = timers.flatMap((timer) => {
    const lateness = late[timer.name];
    if (timer.role !== 'timer' || lateness === undefined || !isLoaded(timer.state)) return [];
    const cooldownMs = Math.max(lateness.expectedMs, LEAST_COOLDOWN_MS);
    const lastMs = reloads[timer.label];
    const isCool = lastMs === undefined || atMs - lastMs >= cooldownMs || lastMs > atMs;
    const slots = `${lateness.slots} ${lateness.slots === 1 ? 'slot' : 'slots'}`;
    return isCool ? [reload(timer, `it is loaded and has not asked for ${slots}`)] : [];
  });
  return [...ownerRepairs(owner, job), ...lost, ...stale];
}

function ownerRepairs(owner: OwnerSight, job: TimerView | undefined): readonly Repair[] {
  if (owner.state === 'running') return owner.stuck === undefined ? [] : [{ kind: 'wake_owner', because: owner.stuck }];
  if (!owner.isInstalled || job === undefined) return [];
  if (owner.state === 'silent') return [reload(job, 'the owner holds the root and does not answer')];
  if (isLost(job.state)) return [reload(job, reasonOf(job))];
  return job.state === 'not_installed' ? [] : [{ kind: 'start_owner', because: 'no owner is running' }];
}

function reload({ name, label }: TimerView, because: string): Repair {
  return { kind: 'reload', name, label, because };
}

/** The manager has it no more, or has given it up. What it does not tell is no reason to touch anything. */
function isLost(state: TimerView['state']): boolean {
  return state === 'disabled' || state === 'failed' || state === 'not_loaded';
}

function isLoaded(state: TimerView['state']): boolean {
  return state === 'idle' || state === 'running';
}

function reasonOf({ state, because }: TimerView): string {
  return `it is ${state.replace('_', ' ')}${because === '' ? '' : `: ${because}`}`;
}

/** What a person should know, worst first; a cadence that is ignored is nobody's worry. */
export interface Worry {
  readonly key: string;
  readonly level: Level;
  readonly words: string;
  /** What to do. */
  readonly next: string;
}

/** The manager of the system does not run this timer, whatever the owner makes up for. */
export function isDeadTimer({ key }: Pick<Worry, 'key'>): boolean {
  return key.startsWith('timer:');
}

export const DISK = 'disk';

/** Then nothing is dropped, run or recorded, and no owner can tell of it either. */
export function diskWorry(because: string): Worry {
  return { key: DISK, level: 'critical', words: `nothing can be written: ${because}`, next: 'cadence-bus doctor' };
}

export function worriesOf({ owner, timers, late, missing }: Sight): readonly Worry[] {
  const told: Worry[] = [];
  const ownerWords = ownerWorry(owner);
  if (ownerWords !== undefined) told.push({ key: 'owner', level: 'critical', ...ownerWords });
  for (const { name, role, state, because } of timers) {
    if (role === 'owner' || isLoaded(state) || state === 'unknown') continue;
    const words = `the timer of ${name} is ${state.replace('_', ' ')}${because === '' ? '' : `: ${because}`}`;
    told.push({ key: `timer:${name}`, level: 'urgent', words, next: 'cadence-bus install' });
  }
  for (const [name, { slots, sinceMs }] of Object.entries(late)) {
    const words = `the timer of ${name} has not asked for ${slots} ${slots === 1 ? 'slot' : 'slots'} since ${toIso(sinceMs).slice(0, 16)}Z; the owner fired them itself`;
    told.push({ key: `late:${name}`, level: 'warning', words, next: 'cadence-bus doctor' });
  }
  for (const { cadence, level, because, ignoredUntilMs } of missing) {
    if (ignoredUntilMs !== undefined) continue;
    told.push({ key: `cadence:${cadence}`, level, words: `${cadence} is missing: ${because}`, next: `cadence-bus run-now ${cadence}` });
  }
  return told;
}

function ownerWorry({ state, pid, isInstalled, stuck, goneSinceMs }: OwnerSight): Pick<Worry, 'words' | 'next'> | undefined {
  const since = goneSinceMs === undefined ? '' : `; timers ask in vain since ${toIso(goneSinceMs).slice(0, 16)}Z`;
  switch (state) {
    case 'running':
      return stuck === undefined ? undefined : { words: `the owner answers and does not get on: ${stuck}`, next: 'cadence-bus doctor' };
    case 'silent':
      return { words: `the owner, process ${pid ?? 'unknown'}, holds the root and does not answer`, next: 'cadence-bus start --takeover' };
    case 'died':
      return { words: `no owner is running: the last one, process ${pid ?? 'unknown'}, died${since}`, next: 'cadence-bus start' };
    case 'stopped':
    case 'never_started':
      return isInstalled ? { words: 'no owner is running, though it is installed', next: 'cadence-bus start' } : undefined;
  }
}
