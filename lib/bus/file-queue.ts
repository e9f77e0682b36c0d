import { type Ms, toIso } from '../core/instant.ts';
import type { Paths } from '../core/paths.ts';
import { formatDeadName, formatTickName, MAX_TICK_BYTES, parseDeadName, parseTickName, type Tick, type TickName } from '../core/tick.ts';
import type { Claim, Clock, Files, Ids, Queue, QueueNews } from '../ports.ts';
import { readTick } from '../wire/tick.ts';
import { createDeadLetters } from './dead-letters.ts';
import { createIntake } from './intake.ts';
import { createPending, type Entry } from './pending.ts';

/**
 * The queue on files. Folders are states, names carry due time, attempts and reason, every transition is one rename:
 *
 *     inbox ──────────────▶ claimed ──▶ (removed)     attempts + 1 on the way into claimed/
 *       └──▶ waiting ──▶ ──┘   │  └───▶ dlq           a deferral takes the attempt back
 *               ▲──────────────┘
 *
 * Names are kept in memory; the inbox is read when a hint came (`fs.watch` may lose events, a listing does not), and
 * never more often than its own cost allows. A stale owner's rename fails, for the name has changed.
 */
export interface FileQueueDeps {
  readonly files: Files;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly paths: Paths;
  readonly news: QueueNews;
  /** Names kept in memory at most. */
  readonly budget?: number;
}

const SLICE_MS: Ms = 8;
const DEFAULT_BUDGET = 131_072;
const SCAN_REST_FACTOR = 10;

export function createFileQueue(deps: FileQueueDeps): Queue {
  const { files, clock, paths, news } = deps;
  const pending = createPending(deps.budget ?? DEFAULT_BUDGET);
  const deadLetters = createDeadLetters(deps);
  const inInbox = new Map<string, Entry>();
  const claimed = new Set<string>();
  const unparked = new Set<string>();
  let isHinted = true;
  let isPartial = true; // until both folders have been read once
  let lookAgainMs: Ms | undefined;
  let restUntilMs: Ms = 0;

  const pathOf = (entry: Entry): string => `${entry.folder === 'inbox' ? paths.inbox : paths.waiting}/${entry.file}`;

  function admit(entry: Entry): boolean {
    const { id } = entry.name;
    const twin = pending.byId(id);
    if (claimed.has(id)) return false;
    if (twin !== undefined) {
      if (files.info(pathOf(twin)) !== undefined) return false;
      forget(twin);
    }
    pending.add(entry);
    if (entry.folder === 'inbox') {
      inInbox.set(entry.file, entry);
      unparked.add(entry.name.cadence);
    }
    return true;
  }

  function forget(entry: Entry): void {
    pending.remove(entry);
    if (entry.folder === 'inbox') inInbox.delete(entry.file);
  }

  const intake = createIntake({ ...deps, deadLetters, admit });

  async function scanInbox(): Promise<void> {
    const startMs = clock.nowMs();
    isHinted = false;
    lookAgainMs = undefined;
    const names = files.list(paths.inbox);
    let sliceEndMs = startMs + SLICE_MS;
    for (const file of names) {
      if (inInbox.get(file)?.gone === false || intake.isYoung(file)) continue;
      const againMs = intake.take(file);
      if (againMs !== undefined) lookAgainMs = Math.min(lookAgainMs ?? againMs, againMs);
      if (clock.nowMs() >= sliceEndMs) {
        await clock.breathe();
        sliceEndMs = clock.nowMs() + SLICE_MS;
      }
    }
    if (names.length > 1000) restUntilMs = clock.nowMs() + SCAN_REST_FACTOR * Math.max(0, clock.nowMs() - startMs);
  }

  async function scanWaiting(): Promise<void> {
    let sliceEndMs = clock.nowMs() + SLICE_MS;
    for (const file of files.list(paths.waiting)) {
      const name = parseTickName(file);
      if (name === undefined || claimed.has(name.id)) continue;
      if (pending.byId(name.id) === undefined) pending.add({ name, folder: 'waiting', file, gone: false });
      if (clock.nowMs() >= sliceEndMs) {
        await clock.breathe();
        sliceEndMs = clock.nowMs() + SLICE_MS;
      }
    }
  }

  async function refresh(): Promise<Ms | undefined> {
    const nowMs = clock.nowMs();
    const isDry = pending.cadences()[Symbol.iterator]().next().done === true;
    const mustRefill = isPartial && (pending.isShort() || isDry);
    if (mustRefill) await scanWaiting();
    if (mustRefill || (isHinted && (isDry || nowMs >= restUntilMs)) || (lookAgainMs !== undefined && nowMs >= lookAgainMs)) await scanInbox();
    if (mustRefill) isPartial = false;
    if (pending.trim()) isPartial = true;
    return isHinted ? Math.min(restUntilMs, lookAgainMs ?? restUntilMs) : lookAgainMs;
  }

  /** Reads what was just claimed. undefined: it was malformed and is dead now, or it is unfinished and back in the inbox. */
  function open(entry: Entry, name: TickName): Claim | undefined {
    const path = `${paths.claimed}/${formatTickName(name)}`;
    const found = files.read(path, MAX_TICK_BYTES * 4);
    const reading = found?.kind === 'text' ? readTick(found.text, toIso(found.info.mtimeMs)) : undefined;
    if (reading?.kind === 'tick' && reading.tick.cadence === name.cadence) return { name, tick: reading.tick };
    const isUnfinished = found?.kind === 'text' && !found.text.endsWith('\n') && entry.folder === 'inbox' && clock.nowMs() - found.info.mtimeMs < 5_000;
    if (isUnfinished && files.rename(path, pathOf(entry))) {
      intake.noteYoung(entry.file);
      lookAgainMs = clock.nowMs() + 5_000;
      return undefined;
    }
    const because =
      reading?.kind === 'tick' ? `its name says ${name.cadence}, its text ${reading.tick.cadence}` : (reading?.because ?? `it is ${found?.kind ?? 'gone'}`);
    const dead = { ...name, attempts: entry.name.attempts, reason: found?.kind === 'not_a_file' ? ('rejected' as const) : ('malformed' as const) };
    const isGone =
      dead.reason === 'rejected' ? files.rename(path, `${paths.dlq}/${formatDeadName(dead)}`) : deadLetters.bury(path, dead, undefined, because, []);
    if (isGone) news.dead(dead, because);
    return undefined;
  }

  function readEntry(entry: Entry): Tick | undefined {
    const found = files.read(pathOf(entry), MAX_TICK_BYTES * 4);
    const reading = found?.kind === 'text' ? readTick(found.text, toIso(found.info.mtimeMs)) : undefined;
    return reading?.kind === 'tick' ? reading.tick : undefined;
  }

  function move(entry: Entry, name: TickName): void {
    const file = formatTickName(name);
    const isMoved = files.rename(pathOf(entry), `${paths.waiting}/${file}`);
    forget(entry);
    if (isMoved) pending.add({ name, folder: 'waiting', file, gone: false });
  }

  return {
    refresh,
    cadences: () => pending.cadences(),
    head: (cadence) => pending.head(cadence),
    async take(head) {
      const entry = pending.byId(head.name.id);
      if (entry === undefined) return undefined;
      const name = { ...entry.name, attempts: entry.name.attempts + 1 };
      const isOurs = files.rename(pathOf(entry), `${paths.claimed}/${formatTickName(name)}`);
      forget(entry);
      if (!isOurs) return undefined;
      const claim = open(entry, name);
      if (claim !== undefined) claimed.add(name.id);
      return claim;
    },
    async park(cadence) {
      if (!unparked.delete(cadence)) return;
      for (const entry of pending.entries(cadence)) if (entry.folder === 'inbox') move(entry, entry.name);
    },
    async hasten(cadence) {
      const nowMs = clock.nowMs();
      for (const entry of pending.entries(cadence)) if (entry.name.attempts > 0 && entry.name.dueMs > nowMs) move(entry, { ...entry.name, dueMs: nowMs });
    },
    async settle(claim, transition, attempts) {
      const from = `${paths.claimed}/${formatTickName(claim.name)}`;
      claimed.delete(claim.name.id);
      switch (transition.to) {
        case 'finished':
          return files.remove(from);
        case 'dlq':
          return deadLetters.bury(from, transition.name, claim.tick, transition.because, attempts);
        case 'waiting': {
          const file = formatTickName(transition.name);
          if (!files.rename(from, `${paths.waiting}/${file}`)) return false;
          pending.add({ name: transition.name, folder: 'waiting', file, gone: false });
          return true;
        }
      }
    },
    async discard(name, transition, attempts) {
      const entry = pending.byId(name.id);
      if (entry === undefined) return false;
      const isDone =
        transition.to === 'dlq'
          ? deadLetters.bury(pathOf(entry), transition.name, readEntry(entry), transition.because, attempts)
          : files.remove(pathOf(entry));
      forget(entry);
      return isDone;
    },
    async plain(cadence, onlySlots) {
      const fresh = pending.entries(cadence).filter((entry) => entry.name.attempts === 0);
      return fresh.filter((entry) => isPlain(readEntry(entry), onlySlots)).map((entry) => entry.name);
    },
    report(run, attempts) {
      const name = parseDeadName(run.moves_to?.slice('dlq/'.length) ?? '');
      const found = name === undefined ? undefined : files.read(`${paths.dlq}/${formatDeadName(name)}`, MAX_TICK_BYTES * 4);
      if (name === undefined || found?.kind !== 'text') return;
      const reading = readTick(found.text, toIso(found.info.mtimeMs));
      if (reading.kind === 'tick' && reading.tick.dead === undefined) deadLetters.report(name, reading.tick, run.reason, attempts);
    },
    find: (id) => pending.byId(id)?.name,
    async orphans() {
      const claims: Claim[] = [];
      for (const file of files.list(paths.claimed)) {
        const name = parseTickName(file);
        if (name === undefined) {
          if (!file.startsWith('.')) news.left(`${paths.claimed}/${file}`, 'it has no name of a tick');
          continue;
        }
        const claim = open({ name: { ...name, attempts: Math.max(0, name.attempts - 1) }, folder: 'waiting', file, gone: true }, name);
        if (claim === undefined) continue;
        claimed.add(name.id);
        claims.push(claim);
      }
      return claims;
    },
    onArrival(wake) {
      return files.watch(paths.inbox, () => {
        isHinted = true;
        wake();
      });
    },
  };
}

/** It asks for nothing but a run, so one run serves all that asked before it began. */
function isPlain(tick: Tick | undefined, onlySlots: boolean): boolean {
  return tick !== undefined && tick.payload === undefined && tick.key === undefined && tick.dead === undefined && (!onlySlots || tick.slot !== undefined);
}
