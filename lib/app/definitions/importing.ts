import { viewFolder } from '../../config/cadence-folder.ts';
import { editDefinition } from '../../config/definition-edit.ts';
import { CadenceError } from '../../core/error.ts';
import { pathsOf } from '../../core/paths.ts';
import { formatProblem } from '../../core/text/problem-text.ts';
import { createFiles } from '../../platform/files.ts';
import { readText } from '../../platform/payload-source.ts';
import { readCrontab } from '../../wire/foreign/crontab.ts';
import { readDocket } from '../../wire/foreign/docket.ts';
import { type ForeignFile, type ForeignTask, type Loss, withDistinctNames } from '../../wire/foreign/foreign-task.ts';
import { readLaunchd } from '../../wire/foreign/launchd.ts';
import { readPinglet } from '../../wire/foreign/pinglet.ts';
import { readYaml } from '../../wire/yaml-source.ts';
import { SCHEMA_LINE, schemaFile } from './editor-schema.ts';
import { type PlannedChange, problemsOfChanges } from './file.ts';

export const FOREIGN_KINDS = ['pinglet', 'docket', 'crontab', 'launchd'] as const;
export type ForeignKind = (typeof FOREIGN_KINDS)[number];

export interface ImportPlan {
  readonly changes: readonly PlannedChange[];
  readonly cadences: readonly { readonly name: string; readonly origin: string; readonly path: string; readonly lost: readonly Loss[] }[];
  /** Tasks that become no cadence, and why. */
  readonly skipped: readonly { readonly origin: string; readonly because: string }[];
  /** Settings of the whole file that are not carried over. */
  readonly lost: readonly Loss[];
}

/** Cadence files for what another system runs. `file`: a path, or `-` for stdin. What is there already is never overwritten. */
export function planImport(root: string, kind: ForeignKind, file: string): ImportPlan {
  const { cadences } = pathsOf(root);
  const text = readText(file === '-' ? '-' : `@${file}`);
  const foreign = readForeign(kind, file, text);
  const here = definitionsOf(root);
  const twinOf = (task: ForeignTask): string | undefined =>
    kind === 'crontab'
      ? here.find((other) => meaning(other.text) === meaning(textOf(task, kind, '')))?.name
      : here.find(({ name }) => name === task.name)?.name;
  const [runnable, empty] = [foreign.tasks.filter(({ keys }) => keys.run !== undefined), foreign.tasks.filter(({ keys }) => keys.run === undefined)];
  const met = runnable.map((task) => ({ task, twin: twinOf(task) }));
  const fresh = withDistinctNames(
    met.flatMap(({ task, twin }) => (twin === undefined ? [task] : [])),
    here.map(({ name }) => name),
  ).map((task) => ({ ...task, keys: withOwnWorkspace(task, kind) }));
  const head = createFiles().info(schemaFile(root, 'cadence')) === undefined ? '' : `${SCHEMA_LINE}\n`;
  const judged = fresh.map((task) => {
    const change = { path: `${cadences}/${task.name}.yaml`, before: undefined, after: textOf(task, kind, head) };
    return { task, change, problems: problemsOfChanges(root, [change]) };
  });
  const good = judged.filter(({ problems }) => problems.length === 0);
  return {
    changes: good.map(({ change }) => change),
    cadences: good.map(({ task, change }) => ({ name: task.name, origin: task.origin, path: change.path, lost: task.lost })),
    skipped: [
      ...empty.map(({ origin, lost }) => ({ origin, because: lost.at(-1)?.because ?? 'there is nothing to run' })),
      ...met.flatMap(({ task, twin }) => (twin === undefined ? [] : [{ origin: task.origin, because: `there is a cadence ${twin} already` }])),
      ...judged.flatMap(({ task, problems }) => (problems.length === 0 ? [] : [{ origin: task.origin, because: problems.map(formatProblem).join('; ') }])),
    ],
    lost: foreign.lost,
  };
}

function definitionsOf(root: string): readonly { readonly name: string; readonly text: string }[] {
  const files = createFiles();
  const { cadences } = pathsOf(root);
  return [...viewFolder(files.list(cadences), (file) => `${cadences}/${file}`).cadences].map(([name, [file = '']]) => {
    const read = files.read(`${cadences}/${file}`);
    return { name, text: read?.kind === 'text' ? read.text : '' };
  });
}

/** Without comments, for the numbers of lines in them move; a workspace of its own is ours, and silence was not always allowed. */
function meaning(text: string): string {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('workspace:') && line !== 'idle_timeout: 0')
    .join('\n');
}

/** Jobs of cron and launchd ran side by side though they shared a folder, so that is no reason to wait for each other. */
function withOwnWorkspace({ name, keys }: ForeignTask, kind: ForeignKind): ForeignTask['keys'] {
  return kind === 'crontab' || kind === 'launchd' ? { ...keys, workspace: `./${name}` } : keys;
}

function readForeign(kind: ForeignKind, file: string, text: string): ForeignFile {
  switch (kind) {
    case 'pinglet':
      return readPinglet(readConfig(file, text));
    case 'docket':
      return readDocket(readConfig(file, text));
    case 'crontab':
      return readCrontab(text);
    case 'launchd':
      return readLaunchd(text);
  }
}

function readConfig(file: string, text: string): unknown {
  const { isSound, value, problems } = readYaml(text);
  const [first] = problems;
  if (isSound && first === undefined) return value;
  throw new CadenceError(
    'bad_data',
    first === undefined ? `${file} is no YAML` : formatProblem({ path: file, ...first }),
    'Mend it there first; nothing was imported.',
  );
}

/** A few lines of origin, then the keys; what stood as comments with the task stands here, too. */
function textOf({ origin, keys, comments, lost }: ForeignTask, kind: ForeignKind, head: string): string {
  const losses = lost.map(({ key, because }) => `# not carried over: ${key}, for ${because}`);
  const told = [`# imported from ${kind}: ${origin}`, ...comments.map((line) => `# ${line}`), ...losses].map(
    (line) => `${line.replaceAll(/[\r\n\0]/g, ' ')}\n`,
  );
  return editDefinition(
    'x.yaml',
    head + told.join(''),
    Object.entries(keys).map(([key, value]) => ({ path: [key], value })),
  );
}
