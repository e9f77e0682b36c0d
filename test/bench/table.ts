import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { digits } from './figures.ts';
import type { Result } from './results.ts';
import { type Bench, howMet, isAtFloor } from './row.ts';

/** The one table, and what must be known to read it. */

/** The ratio stands first: it is what holds on another machine too. */
const HEAD = ['#', 'workload', 'ratio', 'target', 'met', 'ours', 'limit'] as const;

export function headOf({ ground, isQuick, pace }: Pick<Bench, 'ground' | 'isQuick' | 'pace'>): string {
  const machine = `${availableParallelism()} x ${cpus()[0]?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 1024 ** 3)} GiB, ${process.platform} ${release()}, node ${process.versions.node}`;
  const lines = [`machine  ${machine}`, `load     ${loadavg().map(digits).join(' ')} when it began`, `files    ${ground.what}`];
  if (ground.doubt !== undefined) lines.push(`WARNING  ${ground.doubt}`);
  if (isQuick) lines.push('WARNING  --quick: a tenth of the work; this shows that the harness works and proves nothing else');
  lines.push('Ratios are ours / limit, both measured in this run, in turn; less is better. Times are medians.');
  lines.push(
    'A floor is what our promises alone cost by bare calls; where the target is not a quarter above it, at most twice the floor is asked for, of row 1 at most 1.1 times.',
  );
  if (pace > 1)
    lines.push(
      `A node starts here in ${digits(pace)} times the CPU time that it took where the targets were set: milliseconds that are asked for are stretched by that.`,
    );
  return lines.join('\n');
}

export function lineOf(title: string, result: Result): readonly string[] {
  const { id, workload, ours, limit, figure, isRatio } = result;
  const figureText = Number.isFinite(figure) ? `${figure < 0.1 && figure > 0 ? figure.toFixed(4) : figure.toFixed(2)}${isRatio ? 'x' : ''}` : '?';
  return [String(id), `${title}: ${workload}`, figureText, targetText(result), howMet(result) === 'no' ? 'NO' : howMet(result), ours, limit];
}

function targetText({ target, floor, isRatio }: Result): string {
  const short = (figure: number): string => `${figure < 0.1 ? figure.toFixed(3) : Number(figure.toFixed(2))}${isRatio ? 'x' : ''}`;
  if (target === 0) return '0';
  return `≤ ${short(target)}${floor !== undefined && isAtFloor({ target, floor }) ? `, floor ${short(floor)}` : ''}`;
}

/** Markdown, so that it can be pasted where it is to be read; the columns are filled up so that a terminal shows them too. */
export function format(lines: readonly (readonly string[])[]): string {
  const rows = [HEAD as readonly string[], ...lines];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const text = rows.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`);
  text.splice(1, 0, `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`);
  return text.join('\n');
}
