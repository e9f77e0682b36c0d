import { pathsOf } from '../../core/paths.ts';
import { type FileSchemaName, fileSchema } from '../../wire/json-schemas.ts';

/** Beside the definitions and hidden, so that it is no definition, and the path to it is the same in every file. */
const FOLDER = '.schema';

/** The line that makes editors complete and check a definition. */
export const SCHEMA_LINE = `# yaml-language-server: $schema=${FOLDER}/cadence.json`;

export function schemaFile(root: string, name: 'cadence' | 'bus'): string {
  return `${pathsOf(root).cadences}/${FOLDER}/${name}.json`;
}

export function schemaText(name: FileSchemaName): string {
  return `${JSON.stringify({ $comment: 'Made by cadence-bus init, and made anew by it.', ...fileSchema(name) }, null, 2)}\n`;
}
