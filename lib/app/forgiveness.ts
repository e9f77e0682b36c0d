import { cadenceKey } from '../core/holds.ts';
import { CONTROL_CADENCE } from '../core/tick.ts';
import { probeOwner } from '../platform/control.ts';
import { createProducer } from '../platform/producer.ts';
import { createReading } from './reading.ts';

/**
 * Whoever edits or enables a cadence says "try again now". An owner that lives sees the edit and does it by itself; for
 * the next one an order is left in the inbox. What a human holds open stays so until it is reset.
 */
export async function forgiveFailures(root: string, name: string): Promise<void> {
  const breaker = createReading(root).holds().breakers[cadenceKey(name)];
  if (breaker === undefined || breaker.state === 'isolated') return;
  if ((await probeOwner(root)).kind !== 'none') return;
  await createProducer({ root }).enqueue(CONTROL_CADENCE, { payload: { order: 'reset', key: cadenceKey(name) }, source: 'cli' });
}
