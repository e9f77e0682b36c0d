import { CadenceError } from '../core/error.ts';
import type { RunRecord } from '../core/run.ts';
import { isFinal } from '../core/run.ts';
import { shellWord } from '../core/text/shell-word.ts';
import { CONTROL_CADENCE, parseRunId } from '../core/tick.ts';
import { askOwner, probeOwner } from '../platform/control.ts';
import { createProducer } from '../platform/producer.ts';
import type { Owner } from './owner/owner.ts';
import { ownMeanwhile } from './owner/owning.ts';

export type Order =
  | { readonly order: 'pause' | 'resume'; readonly key: string; readonly because?: string }
  | { readonly order: 'trip'; readonly key: string; readonly because?: string }
  | { readonly order: 'reset'; readonly key?: string }
  | { readonly order: 'cancel'; readonly id: string }
  | { readonly order: 'purge'; readonly files: readonly string[] }
  | { readonly order: 'ignore'; readonly cadence: string; readonly until: string }
  | { readonly order: 'incident'; readonly what: 'approve' | 'ignore' | 'resolve'; readonly id: string; readonly until?: string }
  | {
      readonly order: 'respond';
      readonly incident: string;
      readonly action: string;
      readonly set: Readonly<Record<string, string>>;
      readonly by: 'human' | 'session';
      readonly diagnosis?: string;
    }
  | { readonly order: 'kill' };

const ANSWERS_WITHIN_MS = 30_000;
/** It did not answer a moment ago; it may only have been busy. */
const SILENT_ANSWERS_WITHIN_MS = 3_000;

/**
 * Gives an order to the owner, whoever runs it: a control tick, carried out by the owner that lives, or, where none
 * does, by this process as the owner for that long. Resolves when it has been carried out.
 */
export async function giveOrder(root: string, order: Order): Promise<RunRecord> {
  const { tick } = await createProducer({ root }).enqueue(CONTROL_CADENCE, { payload: order, source: 'cli' });
  const run = await carriedOut(root, tick, order);
  if (run.status !== 'succeeded') throw new CadenceError('not_found', run.reason, 'See cadence-bus status and cadence-bus runs.');
  return run;
}

/** What is said to whoever does not wait until it is carried out. */
export function leftWaiting(root: string): CadenceError {
  const at = `--root ${shellWord(root)}`;
  return new CadenceError('timeout', 'the order was not seen carried out', `It waits in the inbox for an owner: cadence-bus status ${at}`);
}

/** Owners come and go: another order's may have ended before it saw ours. */
async function carriedOut(root: string, tick: string, order: Order): Promise<RunRecord> {
  for (;;) {
    const state = await probeOwner(root);
    const run =
      state.kind === 'none'
        ? await ownMeanwhile({ root, ordersOnly: true }, 'the order is carried out', (owner) => carryOut(owner, tick, order))
        : await awaitOwner(root, tick, state.kind === 'silent' ? SILENT_ANSWERS_WITHIN_MS : ANSWERS_WITHIN_MS);
    if (run !== undefined) return run;
  }
}

/** undefined: the owner has ended. */
async function awaitOwner(root: string, tick: string, withinMs: number): Promise<RunRecord | undefined> {
  let run: RunRecord | undefined;
  const late = AbortSignal.timeout(withinMs);
  const hear = (answer: Readonly<Record<string, unknown>>): void => {
    if (answer.run !== undefined) run = answer.run as RunRecord;
  };
  try {
    await askOwner(root, { op: 'wait', id: tick }, hear, late);
  } catch (error) {
    if (error instanceof CadenceError && error.code === 'no_owner') return undefined;
    throw error;
  }
  if (run !== undefined || !late.aborted) return run;
  throw new CadenceError(
    'held',
    'the owner does not answer; the order waits in its inbox',
    'It is carried out when the owner goes on. See cadence-bus status.',
  );
}

/** What is stopped by the order is waited for; children that have nothing to do with it go on, and are not. */
async function carryOut(owner: Owner, tick: string, order: Order): Promise<RunRecord> {
  const { conclusion, history } = owner.parts;
  const isSubject = (run: RunRecord): boolean => order.order === 'cancel' && run.tick === (parseRunId(order.id)?.id ?? order.id);
  let isSubjectOver = order.order !== 'cancel' && order.order !== 'kill';
  let end: RunRecord | undefined;
  const isDone = new Promise<void>((resolve) => {
    conclusion.onRecord((run) => {
      if (run.tick === tick && isFinal(run.status)) end = run;
      if (isSubject(run) && isFinal(run.status)) isSubjectOver = true;
      if (end !== undefined && (isSubjectOver || end.status !== 'succeeded')) resolve();
    });
  });
  await Promise.race([isDone, owner.drained(), owner.ended]);
  end ??= history.find(tick);
  if (end === undefined) throw new CadenceError('bug', `the order ${tick} left no record`, 'Please report this.');
  return end;
}
