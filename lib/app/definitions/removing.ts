import { CadenceError } from '../../core/error.ts';
import { createReading } from '../reading.ts';
import { type PlannedChange, readDefinitionFile } from './file.ts';

export interface Removal {
  readonly changes: readonly PlannedChange[];
  /** What is kept of the cadence. */
  readonly stays: { readonly runs: number; readonly dead: number; readonly waiting: number; readonly running: number };
}

/** Throws `held` while ticks of the cadence wait or run: without a definition they would end in the dlq. */
export function planRemoval(root: string, name: string, isForced: boolean): Removal {
  const { path, text } = readDefinitionFile(root, name);
  const reading = createReading(root);
  const count = (folder: 'inbox' | 'waiting' | 'claimed'): number => reading.names(folder).filter(({ cadence }) => cadence === name).length;
  const [waiting, running] = [count('inbox') + count('waiting'), count('claimed')];
  if (waiting + running > 0 && !isForced) {
    const what = [waiting > 0 ? `${waiting} waiting` : '', running > 0 ? `${running} running` : ''].filter((part) => part !== '').join(' and ');
    throw new CadenceError(
      'held',
      `${name} has ${what} ${waiting + running === 1 ? 'tick' : 'ticks'}`,
      `Let them end, or cancel them; with --force they end in dlq/ as unknown-cadence. To stop it meanwhile: cadence-bus disable ${name}`,
    );
  }
  const dead = reading.dead().filter(({ name: { cadence } }) => cadence === name).length;
  return { changes: [{ path, before: text, after: undefined }], stays: { runs: reading.history.digest()[name]?.runs ?? 0, dead, waiting, running } };
}
