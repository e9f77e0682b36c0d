import { type CadenceError, EXIT_CODES } from '../core/error.ts';
import { toVisible } from '../core/text/excerpt.ts';
import { wellFormed } from '../core/text/json-text.ts';
import type { Output, Paint, World } from './command.ts';

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, cyan: 36 } as const;
const OUR_COLORS = /(\u001b\[(?:[0-2]|3[1-6])m)/;
/** Without a meaning in JSON, and obeyed by some terminals: DEL, the C1 controls, and what turns the direction of text. */
const UNSEEN = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** No meaning lies in a colour alone; without a terminal there is none. */
function paintFor(isColored: boolean): Paint {
  const one = (code: number) => (text: string) => (isColored ? `\u001b[${code}m${text}\u001b[0m` : text);
  return Object.fromEntries(Object.entries(CODES).map(([name, code]) => [name, one(code)])) as unknown as Paint;
}

/** The last gate before the terminal, whoever made the text: a file's name, a payload and a run's words are anybody's. */
export function fit(text: string, isColored: boolean): string {
  if (!isColored) return toVisible(text);
  return text
    .split(OUR_COLORS)
    .map((part, index) => (index % 2 === 1 ? part : toVisible(part)))
    .join('');
}

function toJson(answer: unknown): string {
  return wellFormed(JSON.stringify(answer)).replace(UNSEEN, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

type Writers = Pick<World, 'stdout' | 'stderr'>;

export function createOutput(to: Writers, options: { readonly isJson: boolean; readonly isVerbose: boolean; readonly isColored: boolean }): Output {
  const { isJson, isColored } = options;
  const say = (text: string, isLast?: boolean): void => to.stdout(`${fit(text, isColored)}\n`, isLast);
  const note = (text: string, isLast?: boolean): void => to.stderr(`${fit(text, isColored)}\n`, isLast);
  const paint = paintFor(isColored);
  return {
    isJson,
    isVerbose: options.isVerbose,
    paint,
    result: (answer, text) => (isJson ? to.stdout(`${toJson(answer)}\n`, true) : say(text(), true)),
    line: (answer, text) => (isJson ? to.stdout(`${toJson(answer)}\n`) : say(text)),
    words: (text, raw) => to.stdout(raw ? text : fit(text, false)),
    note: (text) => {
      if (!isJson) note(text);
    },
    live: (text) => {
      if (!isJson) to.stderr(fit(text, false));
    },
    next: (...commands) => {
      if (!isJson) note(paint.dim(`Next: ${commands.join('  ·  ')}`), true);
    },
  };
}

/** A failure, in the one form that it has. Answers with the exit code. */
export function reportError(to: Writers, error: CadenceError, isJson: boolean, isColored: boolean): number {
  const { code, message, hint } = error;
  const told = `${message}${hint === '' ? '' : `\n       ${hint}`}`;
  if (isJson) to.stdout(`${toJson({ ok: false, error: { code, message, hint } })}\n`, true);
  else to.stderr(`${paintFor(isColored).red('error:')} ${fit(told, false)}\n`, true);
  return EXIT_CODES[code];
}

/** Columns as wide as their widest cell; the last one runs free. Cells may be painted: escapes have no width. */
export function table(rows: readonly (readonly string[])[]): string {
  const width = (cell: string): number => cell.replace(/\u001b\[\d+m/g, '').length;
  const widths = rows.reduce<number[]>((all, row) => row.map((cell, index) => Math.max(all[index] ?? 0, width(cell))), []);
  return rows
    .map((row) =>
      row
        .map((cell, index) => (index === row.length - 1 ? cell : cell + ' '.repeat((widths[index] ?? 0) - width(cell))))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
