import { type CadenceError, EXIT_CODES } from '../core/error.ts';
import type { Output, Paint } from './command.ts';

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, cyan: 36 } as const;

/** No meaning lies in a colour alone; without a terminal there is none. */
function paintFor(isColored: boolean): Paint {
  const one = (code: number) => (text: string) => (isColored ? `\u001b[${code}m${text}\u001b[0m` : text);
  return Object.fromEntries(Object.entries(CODES).map(([name, code]) => [name, one(code)])) as unknown as Paint;
}

export function createOutput(options: { readonly isJson: boolean; readonly isVerbose: boolean; readonly isColored: boolean }): Output {
  const { isJson } = options;
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  const note = (text: string): void => void process.stderr.write(`${text}\n`);
  const paint = paintFor(options.isColored);
  return {
    isJson,
    isVerbose: options.isVerbose,
    paint,
    result: (answer, text) => say(isJson ? JSON.stringify(answer) : text()),
    line: (answer, text) => say(isJson ? JSON.stringify(answer) : text),
    note: (text) => {
      if (!isJson) note(text);
    },
    next: (...commands) => {
      if (!isJson) note(paint.dim(`Next: ${commands.join('  ·  ')}`));
    },
  };
}

/** A failure, in the one form that it has. Answers with the exit code. */
export function reportError(error: CadenceError, isJson: boolean, isColored: boolean): number {
  const { code, message, hint } = error;
  if (isJson) process.stdout.write(`${JSON.stringify({ ok: false, error: { code, message, hint } })}\n`);
  else process.stderr.write(`${paintFor(isColored).red('error:')} ${message}${hint === '' ? '' : `\n       ${hint}`}\n`);
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
