import { CadenceError } from '../core/error.ts';
import type { RunRecord } from '../core/run.ts';
import { isFinal } from '../core/run.ts';
import { CONTROL_CADENCE } from '../core/tick.ts';
import { askOwner, probeOwner } from '../platform/control.ts';
import { createProducer } from '../platform/producer.ts';

export type Order =
  | { readonly order: 'pause' | 'resume'; readonly key: string; readonly because?: string }
  | { readonly order: 'trip'; readonly key: string; readonly because?: string }
  | { readonly order: 'reset'; readonly key?: string }
  | { readonly order: 'cancel'; readonly id: string }
  | { readonly order: 'purge'; readonly files: readonly string[] }
  | { readonly order: 'kill' };

const ANSWERS_WITHIN_MS = 30_000;

/**
 * Gives an order to the owner, whoever runs it: a control tick, carried out by the owner that lives, or, where none
 * does, by this process as the owner for that long. Resolves when it has been carried out.
 */
export async function giveOrder(root: string, order: Order): Promise<RunRecord> {
  const { tick } = await createProducer({ root }).enqueue(CONTROL_CADENCE, { payload: order, source: 'cli' });
  const state = await probeOwner(root);
  const run = state.kind === 'none' ? await carryOutAlone(root, tick) : await awaitOwner(root, tick);
  if (run.status !== 'succeeded') throw new CadenceError('not_found', run.reason, 'See cadence-bus status and cadence-bus runs.');
  return run;
}

async function awaitOwner(root: string, tick: string): Promise<RunRecord> {
  let run: RunRecord | undefined;
  await askOwner(
    root,
    { op: 'wait', id: tick },
    (answer) => {
      if (answer.run !== undefined) run = answer.run as RunRecord;
    },
    AbortSignal.timeout(ANSWERS_WITHIN_MS),
  );
  if (run !== undefined) return run;
  throw new CadenceError(
    'held',
    'the owner does not answer; the order waits in its inbox',
    'It is carried out when the owner goes on. See cadence-bus status.',
  );
}

async function carryOutAlone(root: string, tick: string): Promise<RunRecord> {
  const { startOwner } = await import('./owner.ts');
  let end: RunRecord | undefined;
  const owner = await startOwner({ root, ordersOnly: true });
  owner.parts.conclusion.onRecord((run) => {
    if (run.tick === tick && isFinal(run.status)) end = run;
  });
  try {
    await Promise.race([owner.drained(), owner.ended]);
    end ??= owner.parts.history.find(tick);
  } finally {
    await owner.stop('the order is carried out');
  }
  if (end === undefined) throw new CadenceError('bug', `the order ${tick} left no record`, 'Please report this.');
  return end;
}
