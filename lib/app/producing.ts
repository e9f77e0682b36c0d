import { CadenceError } from '../core/error.ts';
import { toIso } from '../core/instant.ts';
import { createIds } from '../platform/ids.ts';
import { readPayload as readSource } from '../platform/payload-source.ts';

export { readText } from '../platform/payload-source.ts';

import { type EnqueueOptions, requestOf } from '../platform/tick-request.ts';
import { nowMs } from './root.ts';

export { createProducer, type EnqueueOptions } from '../platform/producer.ts';

/** What `enqueue` would write, checked as it would be. Throws `bad_data` where that would. */
export function previewTick(cadence: string, options: EnqueueOptions): { readonly due_at: string; readonly content: unknown } {
  const { name, json } = requestOf(cadence, options, nowMs(), createIds());
  return { due_at: toIso(name.dueMs), content: JSON.parse(json) };
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
