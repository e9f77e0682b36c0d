import { chownSync, lstatSync, realpathSync, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { CadenceError } from '../core/error.ts';
import { pathsOf } from '../core/paths.ts';
import { cryptography } from './cryptography.ts';
import { attempt, attemptUnless, errnoOf, faultOf } from './fault.ts';
import { makeFolders } from './folder-making.ts';

/** The shortest limit for the path of a socket is that of macOS: 103 bytes. The name it is made under is a letter longer. */
const LONGEST_PATH_BYTES = 100;

/** Where the owner of a root listens. */
export interface OwnerPlace {
  readonly root: string;
  readonly socket: string;
  readonly folder: string;
  /** The folder lies in /tmp, where everybody can be first: it must belong to this user. undefined: it lies in the root. */
  readonly folderUid: number | undefined;
}

/**
 * Everybody must come to the same answer, however the root is written and whoever asks. So the real path counts; the
 * user is the one to whom the root belongs, for `sudo cadence-bus` means the same bus; and TMPDIR does not count, which
 * differs between launchd and a shell.
 */
export function ownerPlace(root: string): OwnerPlace {
  const real = attempt('find the root', root, () => realpathSync.native(root));
  const inRoot = `${pathsOf(real).state}/owner.sock`;
  if (Buffer.byteLength(inRoot) <= LONGEST_PATH_BYTES) return { root: real, socket: inRoot, folder: dirname(inRoot), folderUid: undefined };
  const folderUid = attempt('look at', real, () => statSync(real).uid);
  const folder = `/tmp/cadence-bus-${folderUid}`;
  const hash = cryptography().createHash('sha256').update(real).digest('hex').slice(0, 16);
  return { root: real, socket: `${folder}/${hash}.sock`, folder, folderUid };
}

/** That of the socket, and the state folder, where `owner.json` goes. */
export function makeOwnerFolders(place: OwnerPlace): void {
  const { state } = pathsOf(place.root);
  attempt('make', state, () => makeFolders(state));
  attempt('make', place.folder, () => {
    const isNew = makeFolders(place.folder) !== undefined;
    if (isNew && place.folderUid !== undefined && process.getuid?.() === 0) chownSync(place.folder, place.folderUid, -1);
  });
  refuseForeignFolder(place);
}

/** Nobody else may put a socket, or a symlink to one, where we look for the owner. */
export function refuseForeignFolder({ folder, folderUid }: OwnerPlace): void {
  if (folderUid === undefined) return;
  const stats = attempt('look at', folder, () => lstatSync(folder, { throwIfNoEntry: false }));
  if (stats === undefined || (stats.isDirectory() && stats.uid === folderUid && (stats.mode & 0o077) === 0)) return;
  throw new CadenceError('permission', `${folder} is no private folder of user ${folderUid}`, `Look at it with ls -ld ${folder}, and remove it.`);
}

/** Which socket lies at a path; undefined: none. As text of whole 64 bits, for some file systems' inodes need them. */
export function socketAt(path: string): string | undefined {
  const stats = attemptUnless('look at', path, 'ENOTDIR', undefined, () => lstatSync(path, { bigint: true, throwIfNoEntry: false }));
  return stats?.isSocket() === true ? `${stats.dev}:${stats.ino}` : undefined;
}

/**
 * `refused`: a socket lies there and nobody listens. `full`: somebody does, but so many wait for him that he must be stopped.
 * `left`: whoever listened went before he had let us in.
 */
export type Knock = { readonly kind: 'open'; readonly socket: Socket } | { readonly kind: 'left' } | { readonly kind: 'full' | 'refused' | 'absent' };

export function knock(path: string): Promise<Knock> {
  // A symlink would be followed to the owner of some other root, and a file cannot answer.
  if (socketAt(path) === undefined) return Promise.resolve({ kind: 'absent' });
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    const onError = (thrown: Error): void => {
      const errno = errnoOf(thrown);
      if (errno === 'ENOENT') resolve({ kind: 'absent' });
      else if (errno === 'ECONNREFUSED') resolve({ kind: 'refused' });
      else if (errno === 'EAGAIN') resolve({ kind: 'full' });
      else if (errno === 'ECONNRESET') resolve({ kind: 'left' });
      else reject(faultOf(thrown, 'connect to', path));
    };
    socket.once('error', onError);
    socket.once('connect', () => {
      socket.off('error', onError);
      resolve({ kind: 'open', socket });
    });
  });
}
