import type { StopCause } from '../core/outcome.ts';
import { costSoFar, isInVain, NOT_BEGUN, type Progress } from '../core/session/progress.ts';
import { tell } from '../core/session/view.ts';
import type { Line } from './line-follower.ts';

/** Hears the stream of a session line by line, and ends what would only spend more. */
export interface SessionEar {
  onLine(line: Line, end: (cause: StopCause) => void): void;
  progress(): Progress;
  /** Its last lines as people read them. */
  lastLines(): readonly string[];
}

const KEPT_LINES = 20;

/** `meter` hears what it has cost; false: that is more than a limit has left. */
export function createSessionEar(capUsd: number | undefined, meter: (usd: number) => boolean): SessionEar {
  let progress = NOT_BEGUN;
  let said: readonly string[] = [];
  return {
    onLine({ text, isCut }, end) {
      // An event that is longer than may be kept tells nothing but that the session lives.
      if (isCut) return;
      const told = tell(progress, text);
      progress = told.progress;
      if (told.lines.length > 0) said = [...said, ...told.lines].slice(-KEPT_LINES);
      if (isInVain(progress)) end('in_vain');
      if (progress.phase === 'ended') return;
      const { usd } = costSoFar(progress);
      if (capUsd !== undefined && usd > capUsd) end('budget');
      else if (!meter(usd)) end('spent');
    },
    progress: () => progress,
    lastLines: () => said,
  };
}
