import { CadenceError } from '../../core/error.ts';
import { probeOwner } from '../../platform/control.ts';
import type { Owner, OwnerOptions } from './owner.ts';

export { keepHeapLeanSoon, takeHeap } from '../../platform/lean-heap.ts';

/** This process is the owner while `work` is done. undefined: somebody else was faster. */
export async function ownMeanwhile<T>(options: OwnerOptions, because: string, work: (owner: Owner) => Promise<T>): Promise<T | undefined> {
  const owner = await startUnlessTaken(options);
  if (owner === undefined) return undefined;
  try {
    return await work(owner);
  } finally {
    await owner.stop(because);
  }
}

const MAX_TRIES = 20;

async function startUnlessTaken(options: OwnerOptions): Promise<Owner | undefined> {
  // Loaded here, for all that it brings along is not needed where an owner lives.
  const { startOwner } = await import('./owner.ts');
  for (let tries = 1; ; tries += 1) {
    try {
      return await startOwner(options);
    } catch (error) {
      if (!(error instanceof CadenceError) || error.code !== 'held' || tries === MAX_TRIES) throw error;
      if ((await probeOwner(options.root)).kind !== 'none') return undefined;
      // It has ended between the two looks: it was an owner for a moment, like us.
    }
  }
}
