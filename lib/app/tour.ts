import { pathsOf } from '../core/paths.ts';
import { createFiles } from '../platform/files.ts';
import { createProducer } from '../platform/producer.ts';

/** Which of these cadences the root has, and how to enqueue them, each so many times. */
export function prepareDemonstration(
  root: string,
  plan: readonly (readonly [cadence: string, times: number])[],
): { readonly present: readonly string[]; readonly enqueue: () => Promise<void> } {
  const names = createFiles()
    .list(pathsOf(root).cadences)
    .map((file) => file.replace(/\.(ya?ml|md)$/, ''));
  const present = plan.filter(([cadence]) => names.includes(cadence));
  return {
    present: present.map(([cadence]) => cadence),
    async enqueue() {
      const producer = createProducer({ root });
      for (const [cadence, times] of present) for (let n = 0; n < times; n += 1) await producer.enqueue(cadence, { source: 'tour' });
    },
  };
}
