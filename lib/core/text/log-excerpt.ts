/** The part of a log that tells of a failure: so many lines before and behind the place. */
export interface LogExcerpt {
  readonly lines: readonly string[];
  /** The number of its first line in the text that it was cut from, from 1. */
  readonly first: number;
}

/** Half before the place, half behind it; what one side has too few of, the other does not get. */
export function excerptAround(lines: readonly string[], from: number, to: number, around: number): LogExcerpt {
  const begin = Math.max(0, from - around);
  return { lines: lines.slice(begin, Math.min(lines.length, to + around + 1)), first: begin + 1 };
}

/** Source around a line, numbered, the hot one marked: `>>>  12 | return rows[n]`. undefined: the file is not that long. */
export function hotLines(lines: readonly string[], hot: number, around: number): string | undefined {
  if (hot < 1 || hot > lines.length) return undefined;
  const begin = Math.max(1, hot - around);
  const end = Math.min(lines.length, hot + around);
  const width = String(end).length;
  return lines
    .slice(begin - 1, end)
    .map((line, n) => `${begin + n === hot ? '>>>' : '   '} ${String(begin + n).padStart(width)} | ${line}`)
    .join('\n');
}
