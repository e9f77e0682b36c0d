import { editDefinition, type YamlEdit } from '../../config/definition-edit.ts';
import { CadenceError } from '../../core/error.ts';
import { formatProblem } from '../../core/text/problem-text.ts';
import { splitFrontMatter } from '../../wire/front-matter.ts';
import { readYaml, type YamlSource } from '../../wire/yaml-source.ts';
import type { DefinitionFile, PlannedChange } from './file.ts';

/** No change where the file says it already. Throws where it is no YAML, which no edit of a key can mend. */
export function planEdit(file: DefinitionFile, edits: readonly YamlEdit[]): readonly PlannedChange[] {
  const { path, text, name } = file;
  const { problems, isSound } = readKeys(file);
  const [first] = problems;
  if (!isSound && first !== undefined) throw new CadenceError('config', formatProblem({ path, ...first }), `Mend it by hand first: cadence-bus edit ${name}`);
  const after = editDefinition(path, text, edits);
  return after === text ? [] : [{ path, before: text, after }];
}

/** A cadence that says nothing about it is enabled. */
export function planEnabled(file: DefinitionFile, isEnabled: boolean): readonly PlannedChange[] {
  return (readKeys(file).valueAt(['enabled']) ?? true) === isEnabled ? [] : planEdit(file, [{ path: ['enabled'], value: isEnabled }]);
}

function readKeys({ path, text }: DefinitionFile): YamlSource {
  const front = path.endsWith('.md') ? splitFrontMatter(text).front : { text, firstLine: 1 };
  return readYaml(front?.text ?? '', front?.firstLine);
}
