import { pathsOf } from '../core/paths.ts';
import { createFiles } from '../platform/files.ts';
import { createProducer } from '../platform/producer.ts';

/** Enqueues these cadences, as far as the root has them. Answers with those that it has. */
export async function enqueueDemonstration(root: string, plan: readonly (readonly [cadence: string, times: number])[]): Promise<readonly string[]> {
  const names = createFiles()
    .list(pathsOf(root).cadences)
    .map((file) => file.replace(/\.(ya?ml|md)$/, ''));
  const producer = createProducer({ root });
  const present = plan.filter(([cadence]) => names.includes(cadence));
  for (const [cadence, times] of present) for (let n = 0; n < times; n += 1) await producer.enqueue(cadence, { source: 'tour' });
  return present.map(([cadence]) => cadence);
}
