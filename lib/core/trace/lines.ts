/** The lines of a text. Few of them are ever asked for, so none is cut out of the text before it is. */
export interface Lines {
  readonly length: number;
  /** From 0 on; undefined behind the last one. */
  at(n: number): string | undefined;
  slice(from: number, to: number): readonly string[];
}

/** What stands further behind in a line tells nothing of a trace. */
const MAX_LINE = 4_000;

export interface TextLines extends Lines {
  /** Where in the text each begins, and where one behind the last one would. */
  readonly starts: readonly number[];
}

/** Each without the space at its end. It ends with a newline, and with nothing else. */
export function linesOf(text: string): TextLines {
  const starts = [0];
  for (let newline = text.indexOf('\n'); newline >= 0; newline = text.indexOf('\n', newline + 1)) starts.push(newline + 1);
  const { length } = starts;
  starts.push(text.length + 1);
  const cut: string[] = [];
  function at(n: number): string | undefined {
    if (n >= length) return undefined;
    const start = starts[n] as number;
    cut[n] ??= text.slice(start, Math.min((starts[n + 1] as number) - 1, start + MAX_LINE)).trimEnd();
    return cut[n];
  }
  return { length, at, slice: sliceOf(at, length), starts };
}

/** These from one of them on, which has other words. */
export function linesFrom(lines: Lines, from: number, first: string): Lines {
  const length = lines.length - from;
  const at = (n: number): string | undefined => (n === 0 ? first : lines.at(from + n));
  return { length, at, slice: sliceOf(at, length) };
}

function sliceOf(at: Lines['at'], length: number): Lines['slice'] {
  return (from, to) => Array.from({ length: Math.max(0, Math.min(to, length) - from) }, (_, n) => at(from + n) as string);
}
