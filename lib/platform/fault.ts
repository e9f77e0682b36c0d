import { CadenceError } from '../core/error.ts';

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'Free some space on this disk, and try again; an owner that runs goes on by itself then.',
  EDQUOT: 'The quota of this user is used up: free some space, and try again; an owner that runs goes on by itself then.',
  EACCES: 'Give the user who runs the bus access to this path (ls -ld shows who has it now).',
  EPERM: 'The system forbids it to this user: look at the owner and the flags of this path, on macOS at Privacy & Security too.',
  EROFS: 'This disk is read-only: mount it for writing, or choose another --root.',
  EIO: 'The disk answers with errors: look at the system log, and have a backup at hand.',
  EMFILE: 'Too many files are open: raise the limit (ulimit -n), and look with lsof for who holds them.',
  ENFILE: 'Too many files are open in the whole system: look with lsof for who holds them.',
  ENOENT: 'It, or the folder it should lie in, is gone: create it again.',
  ENOTDIR: 'Something on the way to it is a file where a folder should be: move that file away.',
  EISDIR: 'A folder lies where a file should be: move it away.',
  EEXIST: 'Something else lies there already: move it away.',
  ENOTEMPTY: 'The folder was filled while it was being removed: try again.',
  ELOOP: 'A symlink lies there, and the bus follows none: put the file itself there.',
  ENAMETOOLONG: 'The path is too long for this system: choose a shorter --root.',
  EXDEV: 'Both ends must lie on one file system: no folder under state/cadence-bus may be a mount of its own.',
};
const REFUSALS = new Set(['EACCES', 'EPERM', 'EROFS']);

/** The name of a system error, undefined for every other error. */
export function errnoOf(thrown: unknown): string | undefined {
  const isSystemError = thrown instanceof Error && 'syscall' in thrown && 'code' in thrown && typeof thrown.code === 'string';
  return isSystemError ? (thrown.code as string) : undefined;
}

/** What the system refused, as an error for people; what is no system error is our bug and stays as it is. */
export function faultOf(thrown: unknown, verb: string, path: string): unknown {
  const errno = errnoOf(thrown);
  if (errno === undefined) return thrown;
  const error = refusal(errno, verb, path);
  error.cause = thrown;
  return error;
}

/** For faults that we find ourselves, in the words of the system. */
export function refusal(errno: string, verb: string, path: string): CadenceError {
  const hint = HINTS[errno] ?? 'Look this error up in errno(3), put it right, and try again.';
  return new CadenceError(REFUSALS.has(errno) ? 'permission' : 'io', `cannot ${verb} ${path}: ${errno}`, hint);
}

/** Does one thing to one path; a system error comes out named. */
export function attempt<T>(verb: string, path: string, act: () => T): T {
  try {
    return act();
  } catch (thrown) {
    throw faultOf(thrown, verb, path);
  }
}

/** As `attempt`, with one error that is an answer. */
export function attemptUnless<T>(verb: string, path: string, expected: string, answer: T, act: () => T): T {
  try {
    return act();
  } catch (thrown) {
    if (errnoOf(thrown) === expected) return answer;
    throw faultOf(thrown, verb, path);
  }
}
