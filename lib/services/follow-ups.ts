import { hookCadence, isBuiltin, notifyCadence } from '../core/builtin.ts';
import { type FollowUp, hookKey } from '../core/notice/follow-up.ts';
import { endingKind, followUpsOf } from '../core/notice/following.ts';
import { factsOf, type Notice, noticeKey, renderMessage } from '../core/notice/notice.ts';
import { mergeNotify, type Notify } from '../core/notice/policy.ts';
import { type Sink, sinkId } from '../core/notice/sink.ts';
import type { RunRecord } from '../core/run.ts';
import { toIso } from '../core/time/instant.ts';
import type { Clock, Definitions, Ids, Outbox, Queue } from '../ports.ts';
import type { CarePlan } from './care-plan.ts';
import { inTurns } from './in-turns.ts';
import type { NoticeDesk } from './notice-desk.ts';

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
  /** A run of this cadence begins, and somebody may want to hear of it. */
  started(cadence: string, beginning: () => RunRecord): void;
  /** Makes good what these records, oldest first, prescribe and what was perhaps not done. */
  makeGood(runs: Iterable<RunRecord>): Promise<void>;
}

export interface FollowUpsDeps {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly queue: Queue;
  readonly outbox: Outbox;
  readonly definitions: Definitions;
  readonly care: CarePlan;
  readonly desk: NoticeDesk;
  readonly host: string;
  /** This keyed tick has ended before. */
  readonly hasEnded: (tickId: string) => boolean;
  readonly wake: () => void;
}

export function createFollowUps(deps: FollowUpsDeps): FollowUps {
  const { clock, ids, queue, outbox, definitions, desk, care } = deps;

  function notifyOf(cadence: string): Notify | undefined {
    const own = definitions.get(cadence)?.cadence?.followUps?.notify;
    const bus = definitions.settings().notify;
    return own === undefined && bus === undefined ? undefined : mergeNotify(bus, own);
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
    desk.put(sink, {
      key: noticeKey(run.run_id, kind, sink),
      kind,
      run_id: run.run_id,
      cadence: run.cadence,
      status: run.status,
      text: renderMessage(message, run, kind, deps.host),
      facts: factsOf(run),
    });
  }

  /** Failures and recoveries are told with their incident, by the announcer; where there is none, with the run. */
  function hooksAndNotices(run: RunRecord, isCaredFor: boolean): readonly FollowUp[] {
    if (endingKind(run.status) === 'nothing') return [];
    const hooks = definitions.get(run.cadence)?.cadence?.followUps?.hooks;
    const notify = notifyOf(run.cadence);
    if (hooks === undefined && notify === undefined) return [];
    const planned = followUpsOf(run, { hooks: hooks ?? {}, notify: notify ?? { on: [], message: '', sinks: [] } });
    return planned.filter((one) => !isCaredFor || !('notice' in one) || one.notice !== 'failure');
  }

  function act(run: RunRecord): void {
    const notify = notifyOf(run.cadence);
    for (const one of run.follow_ups ?? []) {
      if ('care' in one) care.put(run, one.care);
      else if ('hook' in one) putHook(run, one);
      else for (const sink of notify?.sinks ?? []) if (sink.kind === one.sink) putNotice(run, one.notice, sink, notify?.message ?? '');
    }
    if ((run.follow_ups ?? []).length > 0) deps.wake();
  }

  return {
    plan(run) {
      const cared = care.of(run);
      const follow_ups = [...hooksAndNotices(run, cared.length > 0), ...cared];
      return follow_ups.length === 0 ? run : { ...run, follow_ups };
    },
    act,
    started(cadence, beginning) {
      if (isBuiltin(cadence)) return;
      const notify = notifyOf(cadence);
      if (notify === undefined || !notify.on.includes('start') || notify.sinks.length === 0) return;
      const run = beginning();
      for (const sink of notify.sinks) putNotice(run, 'start', sink, notify.message);
      deps.wake();
    },
    async makeGood(runs) {
      // What waits already must be known before anything is put beside it.
      await queue.refresh(true);
      for await (const run of inTurns(clock, runs)) {
        if (isBuiltin(run.cadence)) continue;
        care.seen(run);
        act(run);
      }
      // A notice whose tick was lost with its owner is delivered all the same.
      for (const { sink } of outbox.pending()) desk.drain(notifyCadence(sinkId(sink)));
    },
  };
}
