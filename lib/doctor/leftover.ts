import { parseDeadName, parseTickName } from '../core/tick.ts';

/**
 * Half-written files that a kill leaves behind: `<name>.<digits>` beside the file that should be replaced, and drafts of
 * ticks in tmp/, whose callers never heard of success. Names of a user's files are not among them.
 */
const TEMPORARY = /^(.+)\.\d{1,10}$/;
const STATE = ['holds.json', 'circuit-open.json', 'purse.json', 'owner.json', 'halt'];
const DRAFT = /^[a-z0-9]{12}(?:\.\d{1,10}|\.json(?:\.\d{1,10})?)$/;

export type LeftoverPlace = 'state' | 'runs' | 'ticks' | 'tmp';

export function isLeftover(place: LeftoverPlace, file: string): boolean {
  const stem = TEMPORARY.exec(file)?.[1];
  switch (place) {
    case 'tmp':
      return DRAFT.test(file);
    case 'state':
      return stem !== undefined && STATE.includes(stem);
    case 'runs':
      return stem === 'digest.json';
    case 'ticks':
      return stem !== undefined && (parseTickName(stem) !== undefined || parseDeadName(stem) !== undefined);
  }
}
