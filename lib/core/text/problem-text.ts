import { toVisible } from './excerpt.ts';

/** What is wrong, and where: the form that editors and terminals make a link of. */
export interface Located {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly key: string;
  readonly message: string;
  readonly hint: string;
}

/** `path:line:column  key: message. hint`, always one line, and nothing in it that a terminal would obey. */
export function formatProblem(problem: Located): string {
  const what = problem.key === '' ? problem.message : `${problem.key}: ${problem.message}`;
  const hint = problem.hint === '' ? '' : ` ${problem.hint}`;
  const text = `${problem.path}:${problem.line}:${problem.column}  ${what}${/[.?!]$/.test(what) ? '' : '.'}${hint}`;
  return toVisible(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t');
}
