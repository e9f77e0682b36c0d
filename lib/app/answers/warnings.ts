import type { Paths } from '../../core/paths.ts';
import { pathsOf } from '../../core/paths.ts';
import { parseJson } from '../../core/text/json-text.ts';
import { formatDuration } from '../../core/time/duration.ts';
import { parseIso } from '../../core/time/instant.ts';
import { createFiles } from '../../platform/files.ts';
import { knock, ownerPlace } from '../../platform/owner-socket.ts';
import type { Files } from '../../ports.ts';
import { nowMs } from '../root.ts';
import { isOverdue, readLastRound } from '../watch/last-round.ts';

/**
 * What every command says to a person, in one line, where those who should be at work are not: a few looks at files, and a
 * knock at the owner's socket where one is installed. No process, no schema; undefined: nothing to say.
 */
export async function warningOf(root: string): Promise<string | undefined> {
  const files = createFiles();
  const paths = pathsOf(root);
  const isInstalled = files.info(paths.installed) !== undefined;
  if (isInstalled && !(await isListening(root))) return 'no owner is running, though it is installed. cadence-bus heartbeat starts it, or says why not';
  const late = lateNames(files, paths);
  if (late.length > 0) {
    const names = late.length > MOST_NAMES ? `${late.slice(0, MOST_NAMES).join(', ')} and ${late.length - MOST_NAMES} more` : late.join(', ');
    return `${late.length === 1 ? 'the timer' : 'timers'} of ${names} ${late.length === 1 ? 'does' : 'do'} not come; the owner fires the slots itself, late. cadence-bus heartbeat mends it`;
  }
  const round = isInstalled ? readLastRound(files, paths) : undefined;
  if (round === undefined || !isOverdue(round, nowMs())) return undefined;
  return `the watchman was last here ${formatDuration(nowMs() - (parseIso(round.at) ?? 0))} ago, and comes every ${formatDuration(round.interval_ms)}. cadence-bus heartbeat looks now`;
}

const MOST_NAMES = 3;
const MOST_BYTES = 256 * 1024;

async function isListening(root: string): Promise<boolean> {
  const knocked = await knock(ownerPlace(root).socket);
  if (knocked.kind === 'open') knocked.socket.destroy();
  return knocked.kind === 'open' || knocked.kind === 'full';
}

function lateNames(files: Pick<Files, 'read'>, { lateTimers }: Paths): readonly string[] {
  const found = files.read(lateTimers, MOST_BYTES);
  if (found?.kind !== 'text') return [];
  const { late } = (parseJson(found.text) ?? {}) as { readonly late?: unknown };
  return typeof late === 'object' && late !== null ? Object.keys(late) : [];
}
