import { splitFrontMatter, withFrontMatter } from '../wire/front-matter.ts';
import { editYaml, type YamlEdit } from '../wire/yaml-edit.ts';

export type { YamlEdit } from '../wire/yaml-edit.ts';

/** The text of a definition with some keys changed; of an .md file the front matter, and never a word of the prompt. */
export function editDefinition(path: string, text: string, edits: readonly YamlEdit[]): string {
  if (!path.endsWith('.md')) return editYaml(text, edits);
  return withFrontMatter(text, editYaml(splitFrontMatter(text).front?.text ?? '', edits));
}
