import { basename } from 'node:path';
import { cadenceOf } from '../../config/cadence-folder.ts';
import type { LiveDefinitions } from '../../config/definitions.ts';
import { SETTINGS_FILE } from '../../core/paths.ts';
import { formatProblem } from '../../core/text/problem-text.ts';
import type { Problem } from '../../ports.ts';

/** An edit that the owner does not take: the last good version of the file goes on until it is mended. Only a living owner has a version that is no longer on the disk. */
export interface BrokenEdit {
  /** A cadence, or `bus.yaml`. */
  readonly name: string;
  readonly path: string;
  /** `path:line:column  what is wrong`, the first of all. */
  readonly because: string;
}

/** What this owner goes on with though its file says otherwise by now. */
export function brokenEditsOf(definitions: LiveDefinitions): readonly BrokenEdit[] {
  const cadences = definitions
    .all()
    .flatMap(({ name, path, cadence, problems: [first] }) =>
      cadence === undefined || first === undefined ? [] : [{ name, path, because: formatProblem(first) }],
    );
  const settings = settingsFault(definitions.problems());
  return settings === undefined || definitions.unsettled() !== undefined
    ? cadences
    : [{ name: SETTINGS_FILE, path: settings.path, because: formatProblem(settings) }, ...cadences];
}

export function settingsFault(problems: readonly Problem[]): Problem | undefined {
  return problems.find(({ path }) => basename(path) === SETTINGS_FILE);
}

/** Files that would define a cadence, had they the name of one; nothing of them ever runs. */
export function misnamedFiles(problems: readonly Problem[]): readonly Problem[] {
  return problems.filter(({ path }) => {
    const file = basename(path);
    return file.includes('.') && file !== SETTINGS_FILE && cadenceOf(file) === undefined;
  });
}
