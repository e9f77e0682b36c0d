import { ownFrames, type StackTrace } from './stack-trace.ts';

/**
 * The words that make two failures the same bug. Never in them: ids, times, addresses, line numbers, the folders before a
 * file, how much and how many.
 */
const STAMP = /\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?\b/g;
const TIME = /\b\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\b/g;
const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi;
const ADDRESS = /\b0x[0-9a-f]+\b/gi;
const IP = /\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b/g;
/** A token with digits and letters in it, long enough to be nobody's word. */
const ID = /\b(?=[a-z0-9_-]*\d)(?=[a-z0-9_-]*[a-z])[a-z0-9_-]{8,}\b/gi;
const FOLDERS = /(?:[a-z]:)?(?:[\\/][^\s\\/:"'<>|()]+)+[\\/](?=[^\s\\/:"'<>|()])/gi;
const NUMBER = /\d+(?:[.,]\d+)*/g;

export function normalMessage(text: string): string {
  const first = text.slice(0, 4_000).toLowerCase();
  return first
    .replace(FOLDERS, '')
    .replace(STAMP, '<time>')
    .replace(TIME, '<time>')
    .replace(UUID, '<id>')
    .replace(ADDRESS, '<address>')
    .replace(IP, '<ip>')
    .replace(ID, '<id>')
    .replace(NUMBER, '<n>')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 300);
}

/**
 * The same bug bears the same words, wherever it was built and however much of its trace was printed: what was thrown, and
 * through which functions of our own. What other threads did at that time is no part of it. undefined: no frame is ours.
 */
export function traceWords(trace: StackTrace): readonly string[] | undefined {
  const mine = trace.exceptions.filter(({ type }) => type !== 'goroutine');
  const words = mine.flatMap(({ type, frames }) => [type, ...withoutRepeats(ownFrames(trace, frames).map(({ file, fn }) => `${baseName(file)}:${fn ?? ''}`))]);
  return words.length === mine.length ? undefined : [trace.lang, ...words];
}

/** What ran into itself a thousand times did so once. */
function withoutRepeats(words: readonly string[]): readonly string[] {
  return words.filter((word, at) => word !== words[at - 1]);
}

function baseName(file: string): string {
  return file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
}
