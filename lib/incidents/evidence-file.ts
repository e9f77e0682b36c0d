import { CadenceError } from '../core/error.ts';

/** One file of an incident. `name` is relative to its folder, and made of checked parts only. */
export interface EvidenceFile {
  readonly name: string;
  readonly text: string;
}

/** Evidence that the disk does not give is missing; it is no reason not to write down the rest. */
export function unlessRefused<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof CadenceError) return undefined;
    throw error;
  }
}
