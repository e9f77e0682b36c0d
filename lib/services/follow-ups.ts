import { hookCadence, isBuiltin, notifyCadence } from '../core/builtin.ts';
import { type FollowUp, hookKey } from '../core/follow-up.ts';
import { endingKind, followUpsOf, isFailingAfter } from '../core/following.ts';
import { toIso } from '../core/instant.ts';
import { factsOf, type Notice, noticeKey, renderMessage } from '../core/notice.ts';
import { mergeNotify, type Notify } from '../core/notify-policy.ts';
import type { RunRecord } from '../core/run.ts';
import { type Sink, secretNames, sinkId } from '../core/sink.ts';
import type { Clock, Definitions, Doc, Ids, Outbox, Queue } from '../ports.ts';
import type { CarePlan } from './care-plan.ts';

/**
 * What a recorded end sets off. It is planned when the record is made, so that the record prescribes it, and done after
 * the move and before the book of holds forgets the record; so a restart finds what a dead owner still owed. Everything
 * here may be done twice: hooks and care are keyed ticks, and a notice that has been put once is not put again.
 */
export interface FollowUps {
  /** The record with what follows from it. */
  plan(run: RunRecord): RunRecord;
  /** Puts its hooks and notices on disk. Throws where the disk refuses; do it again then. */
  act(run: RunRecord): void;
  /** A run begins, and somebody may want to hear of it. */
  started(run: RunRecord): void;
  /** Reads what an earlier owner knew. */
  load(): void;
  /** Makes good what these records, oldest first, prescribe and what was perhaps not done. */
  makeGood(runs: readonly RunRecord[]): Promise<void>;
}

/** Cadences whose failure was told and whose success was not yet. */
export interface FailingBook {
  readonly format: 1;
  readonly failing: Readonly<Record<string, { readonly since: string; readonly run_id: string }>>;
}

export interface FollowUpsDeps {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly queue: Queue;
  readonly outbox: Outbox;
  readonly definitions: Definitions;
  readonly book: Doc<FailingBook>;
  readonly care: CarePlan;
  readonly host: string;
  /** Without secrets, those that these variables hold among them. */
  readonly redact: (text: string, names: readonly string[]) => string;
  /** This keyed tick has ended before. */
  readonly hasEnded: (tickId: string) => boolean;
  readonly wake: () => void;
}

export function createFollowUps(deps: FollowUpsDeps): FollowUps {
  const { clock, ids, queue, outbox, definitions, book, care } = deps;
  let failing: FailingBook['failing'] = {};
  let isSaved = true;

  function notifyOf(cadence: string): Notify | undefined {
    const own = definitions.get(cadence)?.cadence?.followUps?.notify;
    const bus = definitions.settings().notify;
    return own === undefined && bus === undefined ? undefined : mergeNotify(bus, own);
  }

  function remember(run: RunRecord): void {
    const before = Object.hasOwn(failing, run.cadence);
    const after = isFailingAfter(run, before);
    if (before === after) return;
    const { [run.cadence]: _old, ...others } = failing;
    failing = after ? { ...others, [run.cadence]: { since: run.ended_at ?? '', run_id: run.run_id } } : others;
    isSaved = false;
  }

  function putHook(run: RunRecord, one: Extract<FollowUp, { hook: unknown }>): void {
    const cadence = hookCadence(run.cadence);
    const key = hookKey(run.run_id, one);
    const id = ids.keyed('key', cadence, key);
    if (deps.hasEnded(id)) return;
    const nowMs = clock.nowMs();
    const payload = { run_id: run.run_id, cadence: run.cadence, hook: one.hook, n: one.n };
    queue.put({ dueMs: nowMs, cadence, id, attempts: 0 }, { cadence, source: 'hook', enqueued_at: toIso(nowMs), payload, key, parent_run: run.run_id });
  }

  function putNotice(run: RunRecord, kind: Notice['kind'], sink: Sink, message: string): void {
    const redact = (text: string): string => deps.redact(text, secretNames(sink));
    const facts = Object.fromEntries(Object.entries(factsOf(run)).map(([name, fact]) => [name, typeof fact === 'string' ? redact(fact) : fact]));
    outbox.put({
      format: 1,
      key: noticeKey(run.run_id, kind, sink),
      kind,
      sink,
      run_id: run.run_id,
      cadence: run.cadence,
      status: run.status,
      text: redact(renderMessage(message, run, kind, deps.host)),
      created_at: toIso(clock.nowMs()),
      attempts: 0,
      error: null,
      facts,
    });
    // Also where the notice was there before: the tick may be what is missing.
    putDrain(notifyCadence(sinkId(sink)));
  }

  /** One tick takes all that lies there; one that is under way may have looked already. */
  function putDrain(cadence: string): void {
    if (queue.head(cadence) !== undefined) return;
    const nowMs = clock.nowMs();
    queue.put({ dueMs: nowMs, cadence, id: ids.fresh(), attempts: 0 }, { cadence, source: 'notify', enqueued_at: toIso(nowMs) });
  }

  function hooksAndNotices(run: RunRecord): readonly FollowUp[] {
    if (endingKind(run.status) === 'nothing') return [];
    const hooks = definitions.get(run.cadence)?.cadence?.followUps?.hooks;
    const notify = notifyOf(run.cadence);
    if (hooks === undefined && notify === undefined) return [];
    const isFailing = Object.hasOwn(failing, run.cadence);
    return followUpsOf(run, { hooks: hooks ?? {}, notify: notify ?? { on: [], message: '', sinks: [] }, isFailing });
  }

  function act(run: RunRecord): void {
    const notify = notifyOf(run.cadence);
    for (const one of run.follow_ups ?? []) {
      if ('care' in one) care.put(run, one.care);
      else if ('hook' in one) putHook(run, one);
      else for (const sink of notify?.sinks ?? []) if (sink.kind === one.sink) putNotice(run, one.notice, sink, notify?.message ?? '');
    }
    if (!isSaved) {
      book.write({ format: 1, failing });
      isSaved = true;
    }
    if ((run.follow_ups ?? []).length > 0) deps.wake();
  }

  return {
    plan(run) {
      const follow_ups = [...hooksAndNotices(run), ...care.of(run)];
      const planned = follow_ups.length === 0 ? run : { ...run, follow_ups };
      if (endingKind(run.status) !== 'nothing') remember(planned);
      return planned;
    },
    act,
    started(run) {
      if (isBuiltin(run.cadence)) return;
      const notify = notifyOf(run.cadence);
      if (notify === undefined || !notify.on.includes('start') || notify.sinks.length === 0) return;
      for (const sink of notify.sinks) putNotice(run, 'start', sink, notify.message);
      deps.wake();
    },
    load() {
      failing = book.read()?.failing ?? {};
    },
    async makeGood(runs) {
      // What waits already must be known before anything is put beside it.
      await queue.refresh();
      for (const run of runs.filter(({ cadence }) => !isBuiltin(cadence))) {
        if (endingKind(run.status) !== 'nothing') remember(run);
        care.seen(run);
        act(run);
      }
      // A notice whose tick was lost with its owner is delivered all the same.
      for (const { sink } of outbox.pending()) putDrain(notifyCadence(sinkId(sink)));
    },
  };
}
