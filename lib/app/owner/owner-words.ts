import { CadenceError } from '../../core/error.ts';
import { askOwner } from '../../platform/control.ts';
import type { BrokenEdit } from './broken-edits.ts';
import type { Holding } from './holding.ts';

/** What only a living owner knows. */
export interface OwnerWords {
  readonly brokenEdits: readonly BrokenEdit[];
  readonly holding: readonly Holding[];
  /** What its disk refuses. */
  readonly storage: string | undefined;
  /** Runs of it, and which of them wait for which tick. */
  readonly running: readonly { readonly runId: string; readonly cadence: string }[];
  readonly waits: readonly { readonly by: string; readonly tick: string }[];
}

const ANSWERS_WITHIN_MS = 1_000;

/** Nothing where there is none, or where it does not answer before `leave` is aborted. One of an earlier version says less. */
export async function askOwnerWords(root: string, leave?: AbortSignal): Promise<OwnerWords> {
  let said: Readonly<Record<string, unknown>> = {};
  const hear = (answer: Readonly<Record<string, unknown>>): void => {
    said = answer;
  };
  try {
    const late = AbortSignal.timeout(ANSWERS_WITHIN_MS);
    await askOwner(root, { op: 'stats' }, hear, leave === undefined ? late : AbortSignal.any([late, leave]));
  } catch (error) {
    if (!(error instanceof CadenceError) || error.code !== 'no_owner') throw error;
  }
  const list = <T>(value: unknown): readonly T[] => (value ?? []) as readonly T[];
  const storage = typeof said.storage === 'string' ? said.storage : undefined;
  return { brokenEdits: list(said.broken_edits), holding: list(said.holding), running: list(said.running), waits: list(said.waits), storage };
}

/** Where nothing waits, no tick tells it. */
export function diskRefuses(storage: string): string {
  return `the disk refuses, and it is tried again every few seconds: ${storage}`;
}
