import { notifyCadence } from '../../core/builtin.ts';
import type { BusSettings } from '../../core/cadence.ts';
import { CadenceError } from '../../core/error.ts';
import { type Notice, noticeKey } from '../../core/notice/notice.ts';
import { mergeNotify } from '../../core/notice/policy.ts';
import { sinkId } from '../../core/notice/sink.ts';
import { LEVELS } from '../../core/slot/lateness.ts';
import { toVisible } from '../../core/text/excerpt.ts';
import { type Ms, toIso } from '../../core/time/instant.ts';
import type { Telling } from '../../core/watch/memory.ts';
import type { Worry } from '../../core/watch/watch.ts';
import { createIds } from '../../platform/ids.ts';
import { readMachine } from '../../platform/machine.ts';
import { createProducer } from '../../platform/producer.ts';
import { openOutbox } from '../notices.ts';
import { nowMs } from '../root.ts';
import { runHere } from '../run-here.ts';

const WITHIN_MS: Ms = 15_000;

/** What the sinks of `bus.yaml` are to be told of this round. */
export function noticesOf(root: string, settings: BusSettings, { due, recovered }: Telling, words: string): readonly Notice[] {
  if (due.length === 0 && recovered.length === 0) return [];
  const runId = `${createIds().fresh()}-1`;
  const kind = due.length > 0 ? 'heartbeat' : 'recovery';
  return mergeNotify(settings.notify, undefined).sinks.map((sink) => ({
    ...{ format: 1, key: noticeKey(runId, kind, sink), kind, sink, run_id: runId, cadence: 'bus', attempts: 0, error: null, facts: {} },
    ...{ title: `the watchman of ${root}`, status: due.length > 0 ? 'missing' : 'recovered', level: worstOf(due) },
    ...{ text: `${readMachine().host}: ${toVisible(words)}`, created_at: toIso(nowMs()) },
  }));
}

/**
 * Tells the sinks by the way that every notice goes: the outbox, and the cadence of the sink. Where no owner is there to
 * send it this process is one for so long, for then it matters most. Answers with what went wrong.
 */
export async function tellSinks(root: string, notices: readonly Notice[], isOwned: boolean): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const notice of notices) {
    openOutbox(root).put(notice);
    const id = sinkId(notice.sink);
    const { tick } = await createProducer({ root }).enqueue(notifyCadence(id), { source: 'heartbeat' });
    if (!isOwned) faults.push(...(await sendNow(root, tick, id)));
  }
  return faults;
}

function worstOf(worries: readonly Worry[]): Worry['level'] {
  return worries.reduce<Worry['level']>((worst, { level }) => (LEVELS.indexOf(level) > LEVELS.indexOf(worst) ? level : worst), 'none');
}

/** What does not go out now lies in the outbox, and is tried by the next owner. */
async function sendNow(root: string, tick: string, sink: string): Promise<readonly string[]> {
  try {
    const { status, reason } = await runHere(root, tick, WITHIN_MS, { output: () => undefined }, 'first');
    return status === 'succeeded' ? [] : [`${sink} could not be told yet: ${reason}`];
  } catch (error) {
    if (!(error instanceof CadenceError)) throw error;
    return [`${sink} could not be told yet: ${error.message}`];
  }
}
