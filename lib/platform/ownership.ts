import { chmodSync, readdirSync, renameSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { CadenceError } from '../core/error.ts';
import { pathsOf } from '../core/paths.ts';
import type { OwnerInfo, OwnerState, Ownership } from '../ports.ts';
import { awakeMs } from './awake.ts';
import { askToYield, probeOwner } from './control.ts';
import { type ControlServer, createControlServer } from './control-server.ts';
import { attempt, faultOf } from './fault.ts';
import { createIds } from './ids.ts';
import { makeOwnerFolders, type OwnerPlace, ownerPlace, socketAt } from './owner-socket.ts';
import { removeFile, writeWhole } from './safe-write.ts';
import { tryLock } from './short-lock.ts';

/**
 * The ownership of a root is a listening Unix socket: the kernel frees it at any death, and a stopped owner keeps it.
 *
 *     who listens owns.  somebody answers or is silent → taken
 *     nobody does        → short lock → look again → listen under a name of our own → rename it to `owner.sock`
 *
 * The rename replaces a dead socket in one step, so there is no instant with a half-made one. It also keeps libuv, which
 * removes the name that it bound when it closes, from ever removing the socket of the owner after us.
 */
const GIVE_UP_AFTER_MS = 30_000;
const LOOK_AGAIN_MS = 40;
const UNFINISHED = '.own-';

export interface OwnershipDeps {
  readonly root: string;
  /** Written to `owner.json` before the socket appears, so that whoever finds us taken can say by whom. */
  readonly info?: OwnerInfo;
}

export type Acquired =
  | { readonly kind: 'owned'; readonly ownership: Ownership; readonly endedPid?: number }
  | { readonly kind: 'taken'; readonly state: OwnerState };

export async function acquireOwnership(deps: OwnershipDeps): Promise<Acquired> {
  const place = ownerPlace(deps.root);
  makeOwnerFolders(place);
  const giveUpMs = awakeMs() + GIVE_UP_AFTER_MS;
  for (;;) {
    const state = await probeOwner(place.root);
    if (state.kind !== 'none') {
      if (awakeMs() > giveUpMs || !(await givesWay(place.root, state, deps.info))) return { kind: 'taken', state };
      await pause(LOOK_AGAIN_MS);
      continue;
    }
    const acquired = await acquireUnderLock(place, deps.info);
    if (acquired !== undefined) return acquired;
    if (awakeMs() > giveUpMs) {
      throw new CadenceError('held', `others are taking ${place.root} and do not come to an end`, `Try again; if it stays so, remove ${place.socket}.lock.`);
    }
    await pause(LOOK_AGAIN_MS);
  }
}

/** One for a moment, to one who is to stay: a run that waits for hours must not keep everything else from running. */
async function givesWay(root: string, { kind, info: theirs }: OwnerState, ours: OwnerInfo | undefined): Promise<boolean> {
  return kind === 'answers' && theirs?.before !== undefined && ours !== undefined && ours.before === undefined && (await askToYield(root));
}

/** undefined: somebody else is at it; look again. */
async function acquireUnderLock(place: OwnerPlace, info: OwnerInfo | undefined): Promise<Acquired | undefined> {
  const lock = await tryLock(place.socket);
  if (lock === undefined) return undefined;
  try {
    const before = socketAt(place.socket);
    const state = await probeOwner(place.root);
    if (state.kind !== 'none') return { kind: 'taken', state };
    removeUnfinished(place.folder);
    if (info !== undefined) writeWhole(pathsOf(place.root).owner, `${JSON.stringify(info, null, 2)}\n`);
    const ownership = await listen(place, () => lock.isHeld() && socketAt(place.socket) === before);
    return ownership === undefined ? undefined : { kind: 'owned', ownership };
  } finally {
    await lock.release();
  }
}

/** undefined: what was true when we looked is true no more. */
async function listen(place: OwnerPlace, isStillTrue: () => boolean): Promise<Ownership | undefined> {
  const control = createControlServer();
  const { server } = control;
  const unfinished = `${place.folder}/${UNFINISHED}${createIds().fresh().slice(0, 6)}`;
  // The handler stays: a caller that cannot be accepted for want of handles must not end the owner.
  const failed = new Promise<Error>((resolve) => server.on('error', resolve));
  // From here to the rename nothing is awaited, so that nobody can step in between but by stopping us there.
  if (!isStillTrue()) return undefined;
  server.listen(unfinished);
  if (!server.listening) throw faultOf(await failed, 'listen at', unfinished);
  try {
    chmodSync(unfinished, 0o600);
    const id = socketAt(unfinished);
    renameSync(unfinished, place.socket);
    return ownershipOf(place.socket, id, control);
  } catch (thrown) {
    control.close();
    throw faultOf(thrown, 'listen at', place.socket);
  }
}

function ownershipOf(path: string, id: string | undefined, control: ControlServer): Ownership {
  const isHeld = (): boolean => id !== undefined && socketAt(path) === id;
  let isClosed = false;
  return {
    isHeld: () => !isClosed && isHeld(),
    serve: control.serve,
    close() {
      if (isClosed) return;
      isClosed = true;
      try {
        if (isHeld()) removeFile(path);
      } finally {
        control.close();
      }
    },
  };
}

/** Left by one who was killed between listening and the rename. Only under the lock: there no other is at it. */
function removeUnfinished(folder: string): void {
  for (const name of attempt('list', folder, () => readdirSync(folder))) {
    if (name.startsWith(UNFINISHED)) removeFile(`${folder}/${name}`);
  }
}
