import type { RunRecord } from '../run.ts';
import { ruleOf } from './class.ts';

/**
 * The session that the next try of a tick goes on with, so that nothing is paid twice: one that had done work, and was cut
 * short by what has nothing to do with it: the account, the network, a halt, somebody's signal. Its own failures are not
 * gone on with, for it would go on failing.
 */
export function sessionToResume(last: RunRecord | undefined): { readonly id: string; readonly because: string } | undefined {
  if (last?.session_id === undefined || (last.turns ?? 0) < 1 || Object.keys(last.tokens ?? {}).length === 0) return undefined;
  const isPassing = last.status === 'interrupted' || last.blame === 'account' || last.blame === 'provider' || last.class === 'killed' || last.class === 'spent';
  if (!isPassing) return undefined;
  return { id: last.session_id, because: last.status === 'interrupted' ? 'it was stopped' : (ruleOf(last.class)?.words ?? 'it was stopped') };
}

/** Our own words: nothing that a record or a payload holds is part of them but the name of a class. */
export function resumePrompt(because: string): string {
  return `Your last try was cut short, and not by you: ${because}. Go on where you stopped. What is done already need not be done again.\n`;
}
