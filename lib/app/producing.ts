import { CadenceError } from '../core/error.ts';
import { toIso } from '../core/time/instant.ts';
import { createIds } from '../platform/ids.ts';
import { readPayload as readSource } from '../platform/payload-source.ts';
import { mayAskForSchema } from '../platform/schema-hint.ts';

export { readText } from '../platform/payload-source.ts';

import { type EnqueueOptions, requestOf } from '../platform/tick-request.ts';
import { nowMs } from './root.ts';

export { createProducer, type EnqueueOptions } from '../platform/producer.ts';

/** Throws `bad_data` where the payload does not fit what its cadence asks for. */
export async function checkPayload(root: string, cadence: string, payload: unknown): Promise<void> {
  if (!mayAskForSchema(root, cadence)) return;
  const { requireFit } = await import('./payload-check.ts');
  requireFit(root, cadence, payload);
}

/** What `enqueue` would write, checked as it would be. Throws `bad_data` where that would. */
export function previewTick(cadence: string, options: EnqueueOptions): { readonly due_at: string; readonly content: unknown } {
  const atMs = nowMs();
  const { name, json } = requestOf(cadence, options, atMs, createIds());
  return { due_at: toIso(options.force === true ? atMs : name.dueMs), content: JSON.parse(json) };
}

/** What `--payload` says. A folder where a file should be is the caller's mistake, as it is to every producer, and no fault of the disk. */
export function readPayload(given: string): unknown {
  try {
    return readSource(given);
  } catch (error) {
    const isFolder = error instanceof CadenceError && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'EISDIR';
    throw isFolder ? new CadenceError('bad_data', `${given.slice(1)} is a folder`, 'Hand over a file with JSON in it.') : error;
  }
}
