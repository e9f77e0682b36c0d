import { toIso } from '../core/instant.ts';
import { createIds } from '../platform/ids.ts';
import { type EnqueueOptions, requestOf } from '../platform/tick-request.ts';
import { nowMs } from './root.ts';

export { readPayload } from '../platform/payload-source.ts';
export { createProducer, type EnqueueOptions } from '../platform/producer.ts';

/** What `enqueue` would write, checked as it would be. Throws `bad_data` where that would. */
export function previewTick(cadence: string, options: EnqueueOptions): { readonly due_at: string; readonly content: unknown } {
  const { name, json } = requestOf(cadence, options, nowMs(), createIds());
  return { due_at: toIso(name.dueMs), content: JSON.parse(json) };
}
