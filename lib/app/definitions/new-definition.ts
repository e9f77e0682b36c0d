import { editDefinition, type YamlEdit } from '../../config/definition-edit.ts';
import { CadenceError } from '../../core/error.ts';
import { pathsOf } from '../../core/paths.ts';
import { isCadenceName, refuseCadenceName } from '../../core/tick.ts';
import { createFiles } from '../../platform/files.ts';
import { SCHEMA_LINE, schemaFile } from './editor-schema.ts';
import { editsOf, type KeyWords } from './edits.ts';
import { filesDefining, type PlannedChange } from './file.ts';

export interface NewDefinition extends KeyWords {
  readonly name: string;
  /** The prompt of a claude session: then it is an .md file. */
  readonly prompt?: string | undefined;
  /** A module, relative to the root; made where it is not there. */
  readonly inline?: string | undefined;
}

/** The files of a new cadence. Throws `bad_data` where the name is taken or none. */
export function planNew(root: string, wanted: NewDefinition): readonly PlannedChange[] {
  const { name, prompt, inline, command, argv = [] } = wanted;
  if (!isCadenceName(name)) throw refuseCadenceName(name);
  if (name === 'bus' || name.startsWith('bus-'))
    throw new CadenceError('bad_data', `"${name}" belongs to the program`, 'Names that begin with bus- are its own.');
  const [taken] = filesDefining(root, name);
  if (taken !== undefined)
    throw new CadenceError('bad_data', `${name} exists already: ${taken}`, `Change it with cadence-bus edit ${name}, or choose another name.`);
  const kinds = [prompt, inline, command, argv.length > 0 ? argv : undefined].filter((kind) => kind !== undefined);
  if (kinds.length !== 1)
    throw new CadenceError(
      'usage',
      kinds.length === 0 ? `what is ${name} to run?` : `${name} can run one thing only`,
      'Give one of --command "…", -- program argument …, --prompt TEXT|@file, --inline FILE.',
    );
  return prompt === undefined ? planYaml(root, wanted) : [planMarkdown(root, wanted, prompt)];
}

function planYaml(root: string, wanted: NewDefinition): readonly PlannedChange[] {
  const { cadences } = pathsOf(root);
  const path = `${cadences}/${wanted.name}.yaml`;
  const files = createFiles();
  const head = files.info(schemaFile(root, 'cadence')) === undefined ? '' : `${SCHEMA_LINE}\n`;
  const edits = editsOf(wanted);
  const isAbout = ({ path: [key] }: YamlEdit): boolean => key === 'description';
  const run: readonly YamlEdit[] = wanted.inline === undefined ? [] : [{ path: ['run', 'inline'], value: wanted.inline }];
  const after = editDefinition(path, head, [...edits.filter(isAbout), ...run, ...edits.filter((edit) => !isAbout(edit))]);
  return [...moduleOf(root, wanted), { path, before: undefined, after }];
}

function planMarkdown(root: string, wanted: NewDefinition, prompt: string): PlannedChange {
  const path = `${pathsOf(root).cadences}/${wanted.name}.md`;
  const body = prompt.endsWith('\n') ? prompt : `${prompt}\n`;
  // The session's own settings lie deeper than a command's.
  const edits = editsOf(wanted).map((edit) => {
    const [first, second, ...rest] = edit.path;
    const isOfRun = first === 'run' && (second === 'cwd' || second === 'env');
    return isOfRun ? ({ path: ['run', 'claude', second, ...rest], value: edit.value } satisfies YamlEdit) : edit;
  });
  return { path, before: undefined, after: editDefinition(path, body, edits) };
}

const HANDLER = `/** What comes back is the summary of the run; a throw is a failure. See "Inline handlers" in the manual. */
export default async function run(tick, context) {
  context.log(\`\${tick.cadence}, attempt \${context.attempt}\`);
  return 'done';
}
`;

function moduleOf(root: string, { inline }: NewDefinition): readonly PlannedChange[] {
  if (inline === undefined) return [];
  const path = inline.startsWith('/') ? inline : `${root}/${inline.replace(/^\.\//, '')}`;
  if (!/\.m?js$/.test(path) || !path.startsWith(`${root}/`) || path.includes('/../') || createFiles().info(path) !== undefined) return [];
  return [{ path, before: undefined, after: HANDLER }];
}
