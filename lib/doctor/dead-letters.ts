import type { DeadName } from '../core/tick.ts';
import { type Check, ok, warn } from './check.ts';
import { counted, listed } from './wording.ts';

export interface DeadLettersDeps {
  /** In the order of their names, which is that of their due times. */
  readonly dead: () => readonly { readonly name: DeadName }[];
}

const NEWEST = 3;

export function createDeadLettersCheck({ dead }: DeadLettersDeps): Check {
  return {
    id: 'dead-letters',
    title: 'Dead ticks',
    async inspect() {
      const all = dead();
      if (all.length === 0) return ok('none');
      const newest = all.slice(-NEWEST).toReversed();
      return warn(
        `${counted(all.length, 'tick')}, the newest: ${listed(newest.map(({ name }) => `${name.cadence} ${name.id} (${name.reason})`))}`,
        'cadence-bus dlq',
      );
    },
  };
}
