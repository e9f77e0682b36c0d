import { type Check, ok, warn } from './check.ts';
import { counted, listed, shellWord } from './wording.ts';

export interface StraysDeps {
  readonly leftAlone: () => readonly string[];
  readonly inbox: string;
}

/** They are the user's, so they stay where they are. Hidden files are nobody's business. */
export function createStraysCheck({ leftAlone, inbox }: StraysDeps): Check {
  return {
    id: 'strays',
    title: 'Inbox',
    async inspect() {
      const strays = leftAlone().toSorted();
      if (strays.length === 0) return ok('nothing but ticks');
      return warn(`${counted(strays.length, 'file is', 'files are')} no tick and left alone: ${listed(strays)}`, `ls -la ${shellWord(inbox)}`);
    },
  };
}
