import type { StopCause } from '../core/outcome.ts';
import { advance, costSoFar, isInVain, NOT_BEGUN, type Progress } from '../core/session-progress.ts';
import { parseEvents } from '../core/session-stream.ts';
import type { Line } from './line-follower.ts';

/** Hears the stream of a session line by line, and ends what would only spend more. */
export interface SessionEar {
  onLine(line: Line, end: (cause: StopCause) => void): void;
  progress(): Progress;
}

export function createSessionEar(capUsd: number | undefined): SessionEar {
  let progress = NOT_BEGUN;
  return {
    onLine({ text, isCut }, end) {
      // An event that is longer than may be kept tells nothing but that the session lives.
      const events = isCut ? [] : (parseEvents(text) ?? []);
      for (const event of events) progress = advance(progress, event);
      if (events.length === 0) return;
      if (isInVain(progress)) end('in_vain');
      if (capUsd !== undefined && progress.phase !== 'ended' && costSoFar(progress).usd > capUsd) end('budget');
    },
    progress: () => progress,
  };
}
