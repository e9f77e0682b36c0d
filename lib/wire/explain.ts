import type * as z from 'zod';
import { nearest } from '../core/text/nearest.ts';
import { describeFound, formatKey, type KeyPath, type SourceProblem } from './problem.ts';
import type { YamlSource } from './yaml-source.ts';

type Issue = z.core.$ZodIssue;

/** What to do instead of a key that is known, but not carried out by this version; by its key path. */
export type NotYet = Readonly<Record<string, string | { readonly message: string; readonly hint: string }>>;

/** The issues of a schema as problems of a text. `prefix`: where the checked value stands. */
export function explainIssues(issues: readonly Issue[], source: YamlSource, notYet: NotYet, prefix: KeyPath = []): readonly SourceProblem[] {
  return issues.flatMap((issue) => explain(issue, source, notYet, [...prefix, ...pathOf(issue)]));
}

function explain(issue: Issue, source: YamlSource, notYet: NotYet, path: KeyPath): readonly SourceProblem[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => explainUnknownKey([...path, key], issue.message.split(' '), source, notYet));
  if (issue.code === 'invalid_union') {
    const meant = optionMeant(issue.errors);
    if (meant !== undefined) return explainIssues(meant, source, notYet, path);
  }
  const found = source.valueAt(path);
  if (issue.code === 'invalid_key') return [source.problem(path, `found ${describeFound(path.at(-1))}, expected ${issue.message}`, '', 'key')];
  if (found === undefined) return [source.problem(path, `missing; expected ${issue.message}`)];
  return [
    source.problem(
      path,
      `found ${describeFound(found)}, expected ${issue.message}`,
      found === null && source.writtenAt(path) === '~' ? 'Put it in quotes: ~ alone is an empty value in YAML.' : hintFor(issue, found),
    ),
  ];
}

/** The one option of a union whose type fits, so that its own complaints are worth showing. */
function optionMeant(options: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const fitting = options.filter((issues) =>
    issues.every((issue) => issue.path.length > 0 || (issue.code !== 'invalid_type' && issue.code !== 'invalid_value')),
  );
  return fitting.length === 1 ? fitting[0] : undefined;
}

export function explainUnknownKey(path: KeyPath, known: readonly string[], source: YamlSource, notYet: NotYet): SourceProblem {
  const name = String(path.at(-1));
  const instead = Object.hasOwn(notYet, formatKey(path)) ? notYet[formatKey(path)] : undefined;
  if (typeof instead === 'string') return source.problem(path, 'known, not in this version yet', instead, 'key');
  if (instead !== undefined) return source.problem(path, instead.message, instead.hint, 'key');
  const meant = nearest(name, known);
  const allowed = `Allowed here: ${known.join(', ')}.`;
  return source.problem(path, `unknown key ${describeFound(name)}`, meant === undefined ? allowed : `Did you mean "${meant}"? ${allowed}`, 'key');
}

function hintFor(issue: Issue, found: unknown): string {
  if (issue.code === 'invalid_value' && typeof found === 'string') {
    const meant = nearest(found, issue.values.map(String));
    return meant === undefined ? '' : `Did you mean "${meant}"?`;
  }
  if (issue.code !== 'invalid_type') return '';
  if (issue.expected === 'string' && (typeof found === 'number' || typeof found === 'boolean') && issue.message === 'text') return 'Put it in quotes.';
  if (issue.expected === 'boolean' && typeof found === 'string') return found === '' ? '' : 'YAML knows true and false only, without quotes.';
  return '';
}

function pathOf(issue: Issue): KeyPath {
  return issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
}
