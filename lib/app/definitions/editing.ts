import { editDefinition, type YamlEdit } from '../../config/definition-edit.ts';
import { CadenceError } from '../../core/error.ts';
import { formatProblem } from '../../core/text/problem-text.ts';
import { splitFrontMatter } from '../../wire/front-matter.ts';
import { readYaml, type YamlSource } from '../../wire/yaml-source.ts';
import { type DefinitionFile, type PlannedChange, problemsOfChanges } from './file.ts';

/** No change where the file says it already. Throws where it is no YAML, which no edit of a key can mend. */
export function planEdit(file: DefinitionFile, edits: readonly YamlEdit[]): readonly PlannedChange[] {
  const { path, text } = file;
  readSound(file);
  const after = editDefinition(path, text, edits);
  return after === text ? [] : [{ path, before: text, after }];
}

/** A cadence that says nothing about it is enabled. What a file says that is not right holds of nothing: an owner goes by an earlier one. */
export function planEnabled(root: string, file: DefinitionFile, isEnabled: boolean): readonly PlannedChange[] {
  if ((readSound(file).valueAt(['enabled']) ?? true) !== isEnabled) return planEdit(file, [{ path: ['enabled'], value: isEnabled }]);
  const problems = problemsOfChanges(root, [{ path: file.path, before: file.text, after: file.text }]);
  if (problems.length === 0) return [];
  throw new CadenceError(
    'bad_data',
    problems.map(formatProblem).join('\n'),
    `Mend it: cadence-bus edit ${file.name}. Until then cadence-bus pause ${file.name} holds it.`,
  );
}

function readSound({ path, text, name }: DefinitionFile): YamlSource {
  const front = path.endsWith('.md') ? splitFrontMatter(text).front : { text, firstLine: 1 };
  const source = readYaml(front?.text ?? '', front?.firstLine);
  const [first] = source.problems;
  if (source.isSound || first === undefined) return source;
  throw new CadenceError('config', formatProblem({ path, ...first }), `Mend it by hand first: cadence-bus edit ${name}`);
}
