import { CARE_CADENCE } from '../../core/builtin.ts';
import { type CareRequest, foundKey } from '../../core/incident/care.ts';
import { toIso } from '../../core/time/instant.ts';
import { type Filed, type Filing, filingOf } from '../../core/watch/findings.ts';
import type { WatchMemory } from '../../core/watch/memory.ts';
import { createProducer } from '../../platform/producer.ts';
import type { Clock, Definition } from '../../ports.ts';
import type { Round } from '../../services/watchman.ts';

/** What of this round belongs on file, and what is known to be there. */
export function planFiling(definitions: readonly Definition[], { sight, worries }: Round, memory: WatchMemory | undefined): Filing {
  const cadences = new Map(definitions.map(({ name, cadence }) => [name, cadence]));
  return filingOf({
    ...{ sight, worries, before: memory?.filed ?? {} },
    isDefined: (name) => cadences.get(name) !== undefined,
    isDiagnosed: (name) => cadences.get(name)?.ladder?.diagnose !== undefined,
  });
}

/** Worries that an agent of the cadence's own looks into (`on_diagnose`): nobody else need be asked for money. */
export function handedOver(definitions: readonly Definition[], { keys }: Filing, filed: Filed): ReadonlySet<string> {
  const diagnosed = new Set(definitions.flatMap(({ name, cadence }) => (cadence?.ladder?.diagnose === undefined ? [] : [name])));
  return new Set(keys.filter((key) => filed[key] !== undefined && diagnosed.has(key.slice(key.indexOf(':') + 1))));
}

/**
 * Hands it to the owner, who alone writes incidents: by keyed ticks of `bus-care` in its inbox. Where no owner lives they lie
 * there until one does, and what is over by then is on file as over.
 */
export async function fileFindings(root: string, { found, well }: Filing, clock: Pick<Clock, 'nowMs'>): Promise<void> {
  const { enqueue } = createProducer({ root, clock });
  const at = toIso(clock.nowMs());
  const put = (payload: CareRequest, key: string): Promise<unknown> => enqueue(CARE_CADENCE, { payload, key, source: 'heartbeat' });
  await Promise.all([
    ...found.map((finding) => put({ care: 'found', finding }, foundKey(finding))),
    ...well.map(({ cadence, detector, since }) => put({ care: 'well', cadence, detector, at }, `well:${cadence}:${detector}:${since}`)),
  ]);
}
