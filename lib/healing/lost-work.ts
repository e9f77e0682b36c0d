import type { Cadence } from '../core/cadence.ts';
import type { Fix, HealBook } from '../core/heal/book.ts';
import { healCadence, isHealCadence, workKey } from '../core/heal/cadence.ts';
import type { Paths } from '../core/paths.ts';
import { isFinal, type RunRecord } from '../core/run.ts';
import { parseDeadName } from '../core/tick.ts';
import { parseIso } from '../core/time/instant.ts';
import type { Clock, Definitions, Files, History, Ids } from '../ports.ts';
import type { HealEffects } from './effects.ts';
import type { HealingBook } from './healing-book.ts';
import { WORKS_AT_MOST_MS } from './ladder.ts';

/**
 * Work whose tick has ended and told nobody: it was cancelled or grew too old while it waited, or its cadence, or its rung of it, was
 * gone when its turn came. While it counts as under way nobody else is asked, so it is looked for whenever the owner looks around.
 */
export interface LostWork {
  /** A run has ended, or a tick without one. */
  hear(run: RunRecord): void;
  /** The ladder is asked to see to what is lost. */
  look(): void;
  /** Why nobody works on it any more, and whether nobody is to be asked but a person; undefined: somebody may still come to it. */
  loss(fix: Fix): { readonly because: string; readonly isLast: boolean } | undefined;
}

export interface LostWorkDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly files: Pick<Files, 'list'>;
  readonly paths: Pick<Paths, 'dlq'>;
  readonly ids: Pick<Ids, 'keyed'>;
  readonly definitions: Pick<Definitions, 'get'>;
  readonly history: Pick<History, 'find'>;
  readonly book: HealingBook;
  readonly effects: Pick<HealEffects, 'wakeAt'>;
}

/** How a tick has ended. */
type End = Pick<RunRecord, 'status' | 'reason'>;

export function createLostWork({ clock, files, paths, ids, definitions, history, book, effects }: LostWorkDeps): LostWork {
  let seen: HealBook | undefined;
  let working: readonly Fix[] = [];
  const ended = new Map<string, End>();
  /** What ended before this owner is looked for in the log, once. */
  const searched = new Set<string>();
  /** To put a tick wakes the owner, and it may be held: who put it at each look would wake for ever. */
  const told = new Set<string>();

  /** A session has no tick, and its time is over by itself. */
  function tickOf(fix: Fix): string | undefined {
    const cadence: Cadence | undefined = fix.source === 'session' ? undefined : definitions.get(fix.cadence)?.cadence;
    const worker = cadence === undefined ? undefined : (fix.worker ?? healCadence(cadence, fix.rung));
    return worker === undefined ? undefined : ids.keyed('key', worker, workKey(fix));
  }

  /** A power cut may keep a dead tick, and lose the record that was made before it. */
  function endBefore(tick: string): End | undefined {
    const run = history.find(tick);
    if (run !== undefined && isFinal(run.status)) return run;
    const dead = files.list(paths.dlq).map(parseDeadName);
    const name = dead.find((one) => one?.id === tick);
    return name && { status: 'dead', reason: `its tick lies in dlq/ (${name.reason})` };
  }

  /** Its definition may come back, or who works on it may still end; not after so long. */
  function orphaned({ source, cadence, began_at }: Fix): End | undefined {
    if (source === 'session' || clock.nowMs() - (parseIso(began_at) ?? 0) <= WORKS_AT_MOST_MS) return undefined;
    const isGone = definitions.get(cadence) === undefined;
    return { status: 'dead', reason: isGone ? `no file defines ${cadence} any more` : `${cadence} names nobody any more who would do it` };
  }

  function endOf(fix: Fix): End | undefined {
    const tick = tickOf(fix);
    if (tick === undefined) return orphaned(fix);
    if (!searched.has(tick)) {
      const before = endBefore(tick);
      if (before !== undefined) ended.set(tick, before);
      searched.add(tick);
    }
    return ended.get(tick);
  }

  return {
    hear(run) {
      if (isHealCadence(run.cadence) && isFinal(run.status)) ended.set(run.tick, run);
    },
    look() {
      const now = book.now();
      if (now !== seen) working = Object.values(now.prints).flatMap(({ fix }) => (fix?.status === 'working' ? [fix] : []));
      seen = now;
      if (working.length === 0) ended.clear();
      for (const fix of working) {
        const key = `lost:${workKey(fix)}`;
        if (told.has(key) || endOf(fix) === undefined) continue;
        effects.wakeAt({ fingerprint: fix.fingerprint, n: fix.n, next: 'lost' }, key, clock.nowMs());
        told.add(key);
      }
    },
    loss(fix) {
      const end = endOf(fix);
      return end === undefined ? undefined : lossOf(fix, end);
    },
  };
}

function lossOf({ source }: Fix, { status, reason }: End): { readonly because: string; readonly isLast: boolean } {
  const isProgram = source === 'rule:command';
  const who = isProgram ? 'the program that mends it' : 'the agent';
  return { because: `${who} never came to it: ${reason === '' ? status : reason}`.slice(0, 300), isLast: !isProgram || status === 'cancelled' };
}
