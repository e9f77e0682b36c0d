import { notifyCadence } from '../core/builtin.ts';
import { type Delivery, NOTICE_LIVES_MS, type Notice } from '../core/notice/notice.ts';
import { type Sink, sinkId } from '../core/notice/sink.ts';
import type { Outcome } from '../core/outcome.ts';
import { type Ms, parseIso, toIso } from '../core/time/instant.ts';
import type { Clock, Journal, Outbox } from '../ports.ts';
import type { Placed, Verdict } from './message.ts';
import { type SendingDeps, type ShellWork, send } from './sending.ts';

/**
 * Delivers what lies in the outbox for one sink. A sink that is ill fails the run, whose retries, backoff and breaker are
 * those of the sink then; one that asks for time gets it. Each notice has an end of its own: delivered, refused, or too
 * old. Once it is sent and before that is written down we may die: then it is sent twice, with the same key, by which most
 * sinks know it again (the file of each sink says whether).
 */
export interface DeliveryDeps extends SendingDeps {
  readonly clock: Clock;
  readonly outbox: Outbox;
  readonly journal: Journal;
  /** A notice of an incident stands there now. */
  readonly onPlaced: (sink: Sink, incidentId: string, placed: Placed) => void;
}

/** Go on with the next one. `lost`: why nobody was told. */
interface Ended {
  readonly kind: 'ended';
  readonly lost: string | undefined;
}

export interface Deliverer {
  drain(cadence: string, signal: AbortSignal, shell: ShellWork): Promise<Outcome>;
}

export function createDeliverer(deps: DeliveryDeps): Deliverer {
  const { clock, outbox, journal } = deps;
  /** Until when a sink asked to be left alone; forgotten with the process, and then it says so again. */
  const restUntilMs = new Map<string, Ms>();
  /** Sinks whose last answer was none that we hoped for. */
  const ill = new Set<string>();
  /** Delivered, and the disk refused to take that down: it is not sent again while we live. */
  const taken = new Map<string, Verdict>();

  async function end(notice: Notice, attempts: number, error: string | undefined): Promise<void> {
    const told: Delivery = {
      ts: toIso(clock.nowMs()),
      key: notice.key,
      sink: notice.sink.kind,
      run_id: notice.run_id,
      cadence: notice.cadence,
      ok: error === undefined,
      status: error === undefined ? 'delivered' : 'dead',
      attempts,
      ...(error === undefined ? {} : { error }),
    };
    await outbox.end(notice, told);
    const about = { cadence: notice.cadence, run_id: notice.run_id, sink: notice.sink.kind, attempt: attempts };
    journal.emit(
      error === undefined ? { level: 'info', stage: 'notice_delivered', ...about } : { level: 'error', stage: 'notice_dead', ...about, because: error },
    );
  }

  function keep(notice: Notice, because: string): void {
    ill.add(sinkId(notice.sink));
    const attempts = notice.attempts + 1;
    outbox.keep({ ...notice, attempts, error: because });
    journal.emit({ level: 'warn', stage: 'notice_failed', cadence: notice.cadence, run_id: notice.run_id, sink: notice.sink.kind, attempt: attempts, because });
  }

  /** What nobody has tried to deliver yet, for its owner was away or the machine slept, is tried once: it may be all that was said of its incident. */
  function isGivenUp(notice: Notice): boolean {
    const isOld = clock.nowMs() - (parseIso(notice.created_at) ?? 0) > NOTICE_LIVES_MS;
    return isOld && (notice.attempts > 0 || ill.has(sinkId(notice.sink)));
  }

  async function deliver(notice: Notice, signal: AbortSignal, shell: ShellWork): Promise<Outcome | Ended> {
    if (isGivenUp(notice)) {
      const because = `not delivered within 24 hours; last: ${notice.error ?? 'it was not tried'}`;
      await end(notice, notice.attempts, because);
      return { kind: 'ended', lost: because };
    }
    const verdict = taken.get(notice.key) ?? (await send(deps, notice, shell, signal));
    if (signal.aborted && verdict.kind !== 'delivered') return { kind: 'interrupted', by: 'operator', reason: 'the owner stops' };
    switch (verdict.kind) {
      case 'delivered':
        ill.delete(sinkId(notice.sink));
        taken.set(notice.key, verdict);
        // First where it stands: a death in between sends it again, and then it stands there twice.
        if (verdict.placed !== undefined && notice.incident_id !== undefined) deps.onPlaced(notice.sink, notice.incident_id, verdict.placed);
        await end(notice, notice.attempts + 1, undefined);
        taken.delete(notice.key);
        return { kind: 'ended', lost: undefined };
      case 'dead':
        await end(notice, notice.attempts + 1, verdict.because);
        return { kind: 'ended', lost: verdict.because };
      case 'later':
        keep(notice, verdict.because);
        restUntilMs.set(notifyCadence(sinkId(notice.sink)), clock.nowMs() + verdict.delayMs);
        return { kind: 'defer', delayMs: verdict.delayMs, reason: verdict.because };
      case 'failed':
        keep(notice, verdict.because);
        return { kind: 'fail', blame: 'cadence', reason: verdict.because };
    }
  }

  return {
    async drain(cadence, signal, shell) {
      const restMs = (restUntilMs.get(cadence) ?? 0) - clock.nowMs();
      if (restMs > 0) return { kind: 'defer', delayMs: restMs, reason: 'it asked for time' };
      const ends: Ended[] = [];
      for (;;) {
        const pending = outbox.pending(cadence);
        // Somebody waits for the answer to a test.
        const notice = pending.findLast(({ kind }) => kind === 'test') ?? pending[0];
        if (notice === undefined) break;
        const outcome = await deliver(notice, signal, shell);
        if (outcome.kind !== 'ended') return outcome;
        ends.push(outcome);
      }
      return outcomeOf(ends);
    },
  };
}

/** A sink that takes what comes is well, whatever it has refused; one that took nothing has told nobody, and is not called well for it. */
function outcomeOf(ends: readonly Ended[]): Outcome {
  if (ends.length === 0) return { kind: 'skip', reason: 'its outbox is empty' };
  const lost = ends.flatMap((end) => end.lost ?? []);
  const told = notices(ends.length - lost.length);
  if (lost.length === 0) return { kind: 'ok', summary: told };
  const because = `${notices(lost.length)} not delivered: ${lost.at(-1)}`;
  return lost.length < ends.length ? { kind: 'ok', summary: `${told}; ${because}` } : { kind: 'unverified', summary: '', reason: because };
}

const notices = (count: number): string => (count === 1 ? '1 notice' : `${count} notices`);
