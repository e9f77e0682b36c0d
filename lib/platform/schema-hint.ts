import { pathsOf } from '../core/paths.ts';
import { isCadenceName } from '../core/tick.ts';
import { readText } from './safe-read.ts';

/**
 * Whether the definition of a cadence may ask for a schema of its payload, by a look at its text: whoever drops a tick for
 * any other loads nothing that could check one. A crowd of ticks is one look a second; the owner checks again.
 */
export function mayAskForSchema(root: string, cadence: string): boolean {
  if (typeof cadence !== 'string' || !isCadenceName(cadence)) return false;
  const stem = `${pathsOf(root).cadences}/${cadence}`;
  const before = looks.get(stem);
  const nowMs = Date.now();
  if (before !== undefined && Math.abs(nowMs - before.atMs) < LOOK_MS) return before.answer;
  const answer = ['yaml', 'yml', 'md'].some((suffix) => asks(`${stem}.${suffix}`));
  if (looks.size >= MOST_LOOKS) looks.clear();
  looks.set(stem, { atMs: nowMs, answer });
  return answer;
}

const looks = new Map<string, { readonly atMs: number; readonly answer: boolean }>();
const LOOK_MS = 1000;
const MOST_LOOKS = 10_000;
const MOST_BYTES = 1024 * 1024;
const ASKS = /(?<![\w-])schema["']?[ \t]*:/;

function asks(path: string): boolean {
  const found = readText(path, MOST_BYTES);
  return found?.kind === 'text' && ASKS.test(path.endsWith('.md') ? frontOf(found.text) : found.text);
}

/** A prompt may speak of schemas. */
function frontOf(markdown: string): string {
  return markdown.split(/^---[ \t]*\r?$/m, 2)[1] ?? '';
}
