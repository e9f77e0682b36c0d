/** A unified diff, as `diff -u` and git write it. '' where nothing differs. `undefined` stands for no file. */
export function unifiedDiff(path: string, before: string | undefined, after: string | undefined): string {
  if (before === after) return '';
  const steps = compare(linesOf(before), linesOf(after));
  const head = [`--- ${before === undefined ? '/dev/null' : `a/${path}`}`, `+++ ${after === undefined ? '/dev/null' : `b/${path}`}`];
  return `${[...head, ...hunks(steps)].join('\n')}\n`;
}

interface Step {
  readonly mark: ' ' | '-' | '+';
  readonly line: string;
}

const CONTEXT = 3;
/** Beyond this many comparisons the middle is shown as taken out and put in as a whole. */
const MOST_CELLS = 4_000_000;
const NO_NEWLINE = '\n\\ No newline at end of file';

/** A last line without its newline differs from the same line with one. */
function linesOf(text: string | undefined): readonly string[] {
  if (text === undefined || text === '') return [];
  const lines = text.split('\n');
  const last = lines.pop();
  return last === '' ? lines : [...lines, `${last}${NO_NEWLINE}`];
}

function compare(before: readonly string[], after: readonly string[]): readonly Step[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < before.length - head && tail < after.length - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const same = (line: string): Step => ({ mark: ' ', line });
  const middle = compareMiddle(before.slice(head, before.length - tail), after.slice(head, after.length - tail));
  return [...before.slice(0, head).map(same), ...middle, ...before.slice(before.length - tail).map(same)];
}

/** The longest common subsequence, by its lengths from the end. */
function compareMiddle(before: readonly string[], after: readonly string[]): readonly Step[] {
  const [rows, columns] = [before.length, after.length];
  const width = columns + 1;
  const isShown = rows * columns <= MOST_CELLS;
  const lengths = new Uint32Array(isShown ? (rows + 1) * width : 0);
  const at = (row: number, column: number): number => lengths[row * width + column] ?? 0;
  if (isShown) {
    for (let row = rows - 1; row >= 0; row -= 1)
      for (let column = columns - 1; column >= 0; column -= 1)
        lengths[row * width + column] = before[row] === after[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
  }
  const steps: Step[] = [];
  let [row, column] = [0, 0];
  while (row < rows || column < columns) {
    if (isShown && row < rows && column < columns && before[row] === after[column]) {
      steps.push({ mark: ' ', line: before[row] ?? '' });
      row += 1;
      column += 1;
    } else if (row < rows && (column >= columns || at(row + 1, column) >= at(row, column + 1))) {
      steps.push({ mark: '-', line: before[row] ?? '' });
      row += 1;
    } else {
      steps.push({ mark: '+', line: after[column] ?? '' });
      column += 1;
    }
  }
  return steps;
}

function hunks(steps: readonly Step[]): readonly string[] {
  const changed = steps.flatMap(({ mark }, index) => (mark === ' ' ? [] : [index]));
  const lines: string[] = [];
  let [done, before, after] = [0, 0, 0];
  const pass = (to: number): void => {
    for (; done < to; done += 1) {
      if (steps[done]?.mark !== '+') before += 1;
      if (steps[done]?.mark !== '-') after += 1;
    }
  };
  for (let next = 0; next < changed.length; ) {
    const start = Math.max(0, (changed[next] ?? 0) - CONTEXT);
    let end = Math.min(steps.length, (changed[next] ?? 0) + 1 + CONTEXT);
    while (next < changed.length && (changed[next] ?? 0) <= end + CONTEXT) {
      end = Math.min(steps.length, (changed[next] ?? 0) + 1 + CONTEXT);
      next += 1;
    }
    pass(start);
    const [fromBefore, fromAfter] = [before, after];
    pass(end);
    const span = (from: number, to: number): string => `${to > from ? from + 1 : from},${to - from}`;
    lines.push(`@@ -${span(fromBefore, before)} +${span(fromAfter, after)} @@`);
    lines.push(...steps.slice(start, end).map(({ mark, line }) => `${mark}${line}`));
  }
  return lines;
}
