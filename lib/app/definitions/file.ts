import { viewFolder } from '../../config/cadence-folder.ts';
import { problemsOfSettings, problemsOfText } from '../../config/definition-check.ts';
import { createDefinitions } from '../../config/definitions.ts';
import { CadenceError } from '../../core/error.ts';
import { type Paths, pathsOf, SETTINGS_FILE } from '../../core/paths.ts';
import { formatProblem } from '../../core/text/problem-text.ts';
import { unifiedDiff } from '../../core/text/unified-diff.ts';
import { createFiles } from '../../platform/files.ts';
import { readMachine } from '../../platform/machine.ts';
import { withLock } from '../../platform/short-lock.ts';
import type { Files, Problem } from '../../ports.ts';
import { unknownCadence } from '../root.ts';

/** A file of the root that is to be made, changed or removed. `undefined`: no file. */
export interface PlannedChange {
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** The same, as it is shown. */
export interface ChangeView {
  readonly path: string;
  readonly change: 'create' | 'edit' | 'remove';
  readonly diff: string;
}

export interface DefinitionFile {
  readonly name: string;
  readonly path: string;
  readonly text: string;
}

const LOCK_WITHIN_MS = 10_000;
const READABLE = 0o644;
const MAX_BYTES = 4 * 1024 * 1024;

/** The one file that defines a cadence, whether it is right or not. */
export function readDefinitionFile(root: string, name: string): DefinitionFile {
  const { files, paths } = at(root);
  const view = viewFolder(files.list(paths.cadences), (file) => `${paths.cadences}/${file}`);
  const [file, ...others] = view.cadences.get(name) ?? [];
  if (file === undefined) throw unknownCadence(name, [...view.cadences.keys()]);
  if (others.length > 0)
    throw new CadenceError('bad_data', `${name} is defined twice, in ${[file, ...others].join(' and ')}`, 'Keep one of the files, or give one another name.');
  const path = `${paths.cadences}/${file}`;
  return { name, path, text: readTextOf(files, path) };
}

/** Files that define this name already, whatever their kind. */
export function filesDefining(root: string, name: string): readonly string[] {
  const { files, paths } = at(root);
  return (viewFolder(files.list(paths.cadences), (file) => file).cadences.get(name) ?? []).map((file) => `${paths.cadences}/${file}`);
}

export function viewChange(root: string, { path, before, after }: PlannedChange): ChangeView {
  const near = path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path.replace(/^\//, '');
  return { path, change: before === undefined ? 'create' : after === undefined ? 'remove' : 'edit', diff: unifiedDiff(near, before, after) };
}

/** What would be wrong with the definitions among these changes. */
export function problemsOfChanges(root: string, changes: readonly PlannedChange[]): readonly Problem[] {
  const { files, paths } = at(root);
  const home = readMachine().home;
  const defined = createDefinitions({ files, paths, home });
  const { lanes } = defined.settings();
  const made = new Set(changes.flatMap(({ path, after }) => (after === undefined ? [] : [path])));
  // What is made by the same change is as good as there.
  const info: Files['info'] = (path) => files.info(path) ?? (made.has(path) ? MADE : undefined);
  const context = { files: { info, realPath: files.realPath }, root, home, agents: defined.agentDefaults() };
  return changes.flatMap(({ path, after }) => {
    const file = path.slice(paths.cadences.length + 1);
    if (after === undefined || !path.startsWith(`${paths.cadences}/`) || file.includes('/') || !/\.(ya?ml|md)$/.test(file)) return [];
    if (file === SETTINGS_FILE) return problemsOfSettings(path, after);
    const misnamed = viewFolder([file], () => path).misnamed.get(file);
    return misnamed === undefined ? problemsOfText(file.replace(/\.\w+$/, ''), path, after, context, lanes) : [misnamed];
  });
}

const MADE = { kind: 'file', sizeBytes: 0, mtimeMs: 0, ctimeMs: 0, inode: 0, uid: 0, mode: READABLE } as const;

/**
 * Plans under the lock and writes whole files, so that two commands at once are one after the other. Nothing is written
 * that the bus would not take, and no file that is no longer what its change was made of. A dry run only plans.
 */
export async function changeDefinitions(root: string, isDry: boolean, plan: () => readonly PlannedChange[]): Promise<readonly PlannedChange[]> {
  if (isDry) return refuseProblems(root, plan());
  const { files, paths } = at(root);
  makeFolder(files, paths, paths.cadences);
  return withLock(`${paths.cadences}/.definitions`, LOCK_WITHIN_MS, () => {
    const changes = refuseProblems(root, plan());
    for (const change of changes) refuseChanged(files, change);
    for (const change of changes) carryOut(files, paths, change);
    return changes;
  });
}

/** The same for files that are no definitions and may lie anywhere. */
export function carryOutChanges(root: string, changes: readonly PlannedChange[]): void {
  const { files, paths } = at(root);
  for (const change of changes) refuseChanged(files, change);
  for (const change of changes) carryOut(files, paths, change);
}

function refuseProblems(root: string, changes: readonly PlannedChange[]): readonly PlannedChange[] {
  const problems = problemsOfChanges(root, changes);
  if (problems.length > 0) throw new CadenceError('bad_data', problems.map(formatProblem).join('\n'), 'Nothing was written.');
  return changes;
}

function refuseChanged(files: Files, { path, before }: PlannedChange): void {
  const now = files.info(path) === undefined ? undefined : readTextOf(files, path);
  if (now !== before)
    throw new CadenceError('bad_data', `${path} was changed by somebody else meanwhile`, 'Nothing of it was overwritten. Look at it and try again.');
}

function carryOut(files: Files, paths: Paths, { path, before, after }: PlannedChange): void {
  const folder = path.slice(0, path.lastIndexOf('/'));
  if (after === undefined) {
    files.remove(path);
    files.flushDir(folder);
    return;
  }
  makeFolder(files, paths, folder);
  files.write(path, after, before === undefined ? READABLE : (files.info(path)?.mode ?? READABLE) & 0o777);
}

/** What the bus keeps is nobody else's business; what the user defines may be read by all. */
function makeFolder(files: Files, { state, logs }: Paths, folder: string): void {
  const isPrivate = folder.startsWith(state) || folder.startsWith(logs);
  if (files.info(folder) === undefined) files.makeDir(folder, isPrivate ? 0o700 : 0o755);
}

function readTextOf(files: Files, path: string): string {
  const read = files.read(path, MAX_BYTES);
  if (read?.kind === 'text') return read.text;
  if (read === undefined) throw new CadenceError('not_found', `there is no file ${path}`, 'Look with ls -la.');
  throw new CadenceError('bad_data', `${path} is no text that can be changed (${read.kind.replaceAll('_', ' ')})`, 'Change it by hand.');
}

function at(root: string): { readonly files: Files; readonly paths: Paths } {
  return { files: createFiles(), paths: pathsOf(root) };
}
