import type { BusEvent } from '../core/event.ts';
import { type Ms, toIso } from '../core/time/instant.ts';

/** Events that wait to be written, as lines. */
export interface EventBacklog {
  add(event: BusEvent): void;
  /** Hands them all to `write`, in one text; they stay where it throws. */
  drain(write: (text: string) => void, nowMs: Ms): void;
}

/** While the disk refuses them, so many characters are kept; then the older half goes, and its number is told. */
const MAX_CHARS = 8 * 1024 * 1024;

export function createEventBacklog(maxChars = MAX_CHARS): EventBacklog {
  let lines: string[] = [];
  let chars = 0;
  let dropped = 0;

  function dropOlderHalf(): void {
    const gone = lines.splice(0, Math.ceil(lines.length / 2));
    dropped += gone.length;
    chars -= gone.reduce((sum, line) => sum + line.length, 0);
  }

  return {
    add(event) {
      const line = `${JSON.stringify(event)}\n`;
      lines.push(line);
      chars += line.length;
      if (chars > maxChars) dropOlderHalf();
    },
    drain(write, nowMs) {
      if (lines.length === 0 && dropped === 0) return;
      write(`${dropped === 0 ? '' : gapLine(dropped, nowMs)}${lines.join('')}`);
      lines = [];
      chars = 0;
      dropped = 0;
    },
  };
}

function gapLine(dropped: number, nowMs: Ms): string {
  const because = `the disk refused the journal for so long that ${dropped} events before this one are lost`;
  const event: BusEvent = { ts: toIso(nowMs), level: 'error', stage: 'storage_failed', because, dropped };
  return `${JSON.stringify(event)}\n`;
}
