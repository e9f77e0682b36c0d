import { isFinal, type RunRecord } from '../../core/run.ts';
import { parseRunId } from '../../core/tick.ts';
import type { ControlReply, ControlRequest, OwnerInfo } from '../../ports.ts';
import type { Wait } from '../../services/capacity.ts';
import type { OwnerParts } from '../compose.ts';
import { brokenEditsOf } from './broken-edits.ts';
import { holdingOf } from './holding.ts';

/** The control channel: nobody has to poll. */
export function createControl(
  parts: OwnerParts,
  info: OwnerInfo,
  life: { readonly serves: (cadence: string) => boolean; wake(): void; stop(because: string): void; yields(): boolean },
): (request: ControlRequest, reply: ControlReply) => void {
  const waiters = new Map<string, ControlReply[]>();
  const answerWaiters = (id: string, run: RunRecord): void => {
    for (const reply of waiters.get(id) ?? []) finish(reply, { ok: true, run });
    waiters.delete(id);
  };
  parts.conclusion.onRecord((run) => {
    if (isRunOver(run)) answerWaiters(run.run_id, run);
    if (isFinal(run.status)) {
      answerWaiters(run.tick, run);
      // Somebody may wait for an attempt that will not come.
      for (const id of waiters.keys()) if (parseRunId(id)?.id === run.tick) answerWaiters(id, run);
    }
  });

  function wait(id: string, by: string | undefined, reply: ControlReply): void {
    const tickId = parseRunId(id)?.id ?? id;
    const isUnderWay = parts.queue.find(tickId) !== undefined || parts.jobs.running().some(({ runId }) => parseRunId(runId)?.id === tickId);
    // The log is searched only for what is neither pending nor running: that is what may have ended before it was asked for.
    const known = isUnderWay && tickId === id ? undefined : parts.history.find(id);
    if (known !== undefined && (tickId === id ? isFinal(known.status) : isRunOver(known))) finish(reply, { ok: true, run: known });
    else {
      waiters.set(id, [...(waiters.get(id) ?? []).filter((other) => other.isOpen), reply]);
      if (by !== undefined) lendPlaces(parts, { by, tick: tickId, isOpen: () => reply.isOpen }, life.wake);
    }
  }

  return (request, reply) => {
    switch (request.op) {
      case 'ping':
        return finish(reply, { ok: true, info });
      case 'stats': {
        const [broken_edits, holding] = [brokenEditsOf(parts.definitions), holdingOf(parts, life.serves)];
        const waits = parts.capacity.waits().map(({ by, tick }) => ({ by, tick }));
        return finish(reply, {
          ok: true,
          info,
          running: parts.jobs.running(),
          waits,
          stats: parts.stats(),
          broken_edits,
          holding,
          storage: parts.health.trouble(),
        });
      }
      case 'wake':
        life.wake();
        return finish(reply, { ok: true });
      case 'wait':
        return wait(request.id, request.by, reply);
      case 'events': {
        const listener = parts.journal.onEvent((event) => (reply.isOpen ? reply.send({ event }) : listener.close()));
        // What was said before this line stands in the journal, what is said after it is heard.
        void parts.clock.breathe().then(() => reply.send({ ok: true }));
        return undefined;
      }
      case 'yield':
        return finish(reply, { ok: true, yields: life.yields() });
      case 'shutdown':
        finish(reply, { ok: true });
        return life.stop('asked to by the control channel');
    }
  };
}

/** What the tick waited for may be the very run that waits for it. */
export function lendPlaces({ capacity, consumer }: Pick<OwnerParts, 'capacity' | 'consumer'>, wait: Wait, wake: () => void): void {
  capacity.lend(wait);
  consumer.reconsider();
  wake();
}

function isRunOver(run: RunRecord): boolean {
  return run.status !== 'waiting' && run.status !== 'running' && run.status !== 'queued' && run.status !== 'held';
}

function finish(reply: ControlReply, answer: Readonly<Record<string, unknown>>): void {
  reply.send(answer);
  reply.end();
}
