import { setTimeout as pause } from 'node:timers/promises';
import { CadenceError } from '../core/error.ts';
import type { OwnerInfo } from '../ports.ts';
import { awakeMs } from './awake.ts';
import { probeOwner } from './control.ts';
import { errnoOf, faultOf } from './fault.ts';
import { isAlive } from './owner-info.ts';
import { ownerPlace } from './owner-socket.ts';
import { type Acquired, acquireOwnership, type OwnershipDeps } from './ownership.ts';

/** Far more than a busy owner on a busy machine needs: only one that stands still is ended. */
const SILENT_FOR_MS = 5_000;
const TERM_GRACE_MS = 2_000;
const KILL_GRACE_MS = 5_000;
const LOOK_AGAIN_MS = 20;

/**
 * Ends a silent owner, then acquires. One that answers is left alone. A process is ended only while both its pid and its
 * start time are those of `owner.json`, looked at anew before every signal.
 */
export async function takeOver(deps: OwnershipDeps): Promise<Acquired> {
  const state = await probeOwner(deps.root, SILENT_FOR_MS);
  if (state.kind !== 'silent') return acquireOwnership(deps);
  const endedPid = await endSilentOwner(state.info, deps.root);
  const acquired = await acquireOwnership(deps);
  return acquired.kind === 'owned' ? { ...acquired, endedPid } : acquired;
}

async function endSilentOwner(info: OwnerInfo | undefined, root: string): Promise<number> {
  if (!isAlive(info) || info.pid === process.pid) throw unknownHolder(root);
  // The request to end is delivered before anything else once the process goes on.
  signalOwner(info, 'SIGTERM');
  signalOwner(info, 'SIGCONT');
  if (await isGoneWithin(info, TERM_GRACE_MS)) return info.pid;
  signalOwner(info, 'SIGKILL');
  if (await isGoneWithin(info, KILL_GRACE_MS)) return info.pid;
  throw new CadenceError(
    'held',
    `the owner, process ${info.pid}, does not die`,
    'The system holds it in a call (a disk or a network drive that hangs): free that, or restart the machine.',
  );
}

function signalOwner(info: OwnerInfo, signal: NodeJS.Signals): void {
  if (!isAlive(info)) return;
  try {
    process.kill(info.pid, signal);
  } catch (thrown) {
    if (errnoOf(thrown) !== 'ESRCH') throw faultOf(thrown, `send ${signal} to`, `process ${info.pid}`);
  }
}

async function isGoneWithin(info: OwnerInfo, ms: number): Promise<boolean> {
  const untilMs = awakeMs() + ms;
  while (isAlive(info)) {
    if (awakeMs() > untilMs) return false;
    await pause(LOOK_AGAIN_MS);
  }
  return true;
}

function unknownHolder(root: string): CadenceError {
  const { socket } = ownerPlace(root);
  return new CadenceError('held', `${socket} is held by a process that owner.json does not name`, `Find it with: lsof ${socket}`);
}
