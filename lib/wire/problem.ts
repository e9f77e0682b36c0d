/** Where a value stands in a file: `['run', 'command', 0]`. */
export type KeyPath = readonly (string | number)[];

/** Something wrong in one text, its place counted from 1; who knows the file adds the path, where it is not another file's. */
export interface SourceProblem {
  readonly path?: string;
  readonly line: number;
  readonly column: number;
  readonly key: string;
  readonly message: string;
  readonly hint: string;
}

const MOST_PROBLEMS = 50;
const WIDEST = 60;

/** `run.command[0]` */
export function formatKey(path: KeyPath): string {
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${short(part)}`)).join('');
}

/** What was found, in words for people. */
export function describeFound(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'an empty value';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'string') return JSON.stringify(short(value));
  if (typeof value === 'number') return `the number ${value}`;
  return typeof value === 'boolean' ? String(value) : 'a map';
}

/** In the order of the file. What is wrong with one value is said once: the first cause wins. What is cut off is counted. */
export function inOrder(problems: readonly SourceProblem[]): readonly SourceProblem[] {
  const seen = new Set<string>();
  const sorted = [...problems]
    .sort((a, b) => a.line - b.line || a.column - b.column)
    .filter((problem) => {
      const mark = JSON.stringify([problem.path, problem.line, problem.column, problem.key]);
      return !seen.has(mark) && seen.add(mark) !== undefined;
    });
  const cut = sorted[MOST_PROBLEMS];
  if (cut === undefined) return sorted;
  const more = sorted.length - MOST_PROBLEMS;
  return [...sorted.slice(0, MOST_PROBLEMS), { ...cut, key: '', message: `and ${more} more problem${more === 1 ? '' : 's'} from here on`, hint: '' }];
}

function short(text: string): string {
  return text.length <= WIDEST ? text : `${text.slice(0, WIDEST - 1)}…`;
}
