import { type Paths, pathsOf } from './paths.ts';
import { parseDeadName, parseTickName } from './tick.ts';

/**
 * Half-written files that a kill leaves behind: `<name>.<digits>` beside the file that should be replaced, and drafts of
 * ticks in tmp/, whose callers never heard of success. Names of a user's files are not among them.
 */
const TEMPORARY = /^(.+)\.\d{1,10}$/;
const DRAFT = /^[a-z0-9]{12}(?:\.\d{1,10}|(?:\.\d{1,10})?\.json(?:\.\d{1,10})?)$/;
const STATE_FOLDER = pathsOf('').state;
/** The documents of the state folder; what has no suffix there is a folder, but for `halt`. */
const STATE: ReadonlySet<string> = new Set(
  Object.values(pathsOf(''))
    .filter((path) => path.startsWith(`${STATE_FOLDER}/`))
    .map((path) => path.slice(STATE_FOLDER.length + 1))
    .filter((file) => file.includes('.') || file === 'halt'),
);

export type LeftoverPlace = 'state' | 'runs' | 'slots' | 'outbox' | 'ticks' | 'tmp';

export interface LeftoverFolder {
  readonly dir: string;
  readonly place: LeftoverPlace;
  /** Nobody but the owner writes there: what a new owner finds is no file of somebody who is still at it. */
  readonly isOwners: boolean;
}

export function leftoverFolders(paths: Paths): readonly LeftoverFolder[] {
  return [
    { dir: paths.state, place: 'state', isOwners: false },
    { dir: paths.runs, place: 'runs', isOwners: true },
    { dir: paths.slots, place: 'slots', isOwners: true },
    { dir: paths.outbox, place: 'outbox', isOwners: false },
    { dir: paths.inbox, place: 'ticks', isOwners: false },
    { dir: paths.waiting, place: 'ticks', isOwners: true },
    { dir: paths.claimed, place: 'ticks', isOwners: true },
    { dir: paths.dlq, place: 'ticks', isOwners: true },
    { dir: paths.tmp, place: 'tmp', isOwners: false },
  ];
}

export function isLeftover(place: LeftoverPlace, file: string): boolean {
  const stem = TEMPORARY.exec(file)?.[1];
  switch (place) {
    case 'tmp':
      return DRAFT.test(file);
    case 'state':
      return stem !== undefined && STATE.has(stem);
    case 'runs':
      return stem === 'digest.json';
    case 'slots':
      return stem === 'cursors.json';
    case 'outbox':
      return stem?.endsWith('.json') === true;
    case 'ticks':
      return stem !== undefined && (parseTickName(stem) !== undefined || parseDeadName(stem) !== undefined);
  }
}
