import type { Hearer } from '../app/run-here.ts';
import type { BusEvent } from '../core/event.ts';
import { toVisible } from '../core/text/excerpt.ts';
import type { Output } from './command.ts';
import { describeEvent } from './event-words.ts';

interface Awaited {
  readonly root: string;
  readonly tick: string;
  readonly cadence: string;
}

/** Who waits for a tick hears its words, and why it has not ended yet, whenever that changes. What ends it is told by its record. */
export function createHearer(out: Output, about: Awaited, leave: AbortSignal): Hearer {
  return {
    leave,
    output: out.live,
    event(event) {
      const line = isReason(event, about) ? describeEvent(event, out.paint, about.root) : undefined;
      if (line === undefined) return;
      out.note(line);
      if (event.stage === 'circuit_opened') out.note(`  To try again now: cadence-bus breaker reset ${String(event.key).replace(/^cadence:/, '')}`);
    },
    waits: (because) => out.note(waitingNote(out, about.cadence, because)),
  };
}

export function waitingNote({ paint }: Output, cadence: string, because: string): string {
  return `${paint.yellow('‖')} ${cadence} waits: ${toVisible(because)}`;
}

function isReason(event: BusEvent, { tick, cadence }: Awaited): boolean {
  const { stage, key } = event;
  if (event.tick === tick) return stage === 'retry_scheduled' || stage === 'deferred' || (stage === 'subsession_failed' && event.status === 'failed');
  if (stage === 'halted' || stage === 'storage_failed') return true;
  if (stage === 'paused') return key === 'bus' || key === `cadence:${cadence}`;
  if (stage === 'circuit_opened') return key === `cadence:${cadence}` || (String(key).startsWith('account:') && String(event.run_id).startsWith(`${tick}-`));
  return stage === 'budget_held' && event.cadence === cadence;
}
