import { basename } from 'node:path';
import type { LiveDefinitions } from '../config/definitions.ts';
import { CadenceError } from '../core/error.ts';
import { formatProblem } from '../core/problem-text.ts';
import { askOwner } from '../platform/control.ts';

/** An edit that the owner does not take: the last good version of the file goes on until it is mended. */
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
  const settings = definitions.problems().find(({ path }) => basename(path) === 'bus.yaml');
  return settings === undefined ? cadences : [{ name: 'bus.yaml', path: settings.path, because: formatProblem(settings) }, ...cadences];
}

const ANSWERS_WITHIN_MS = 1_000;

/** Only a living owner has a version that is no longer on the disk. One of an earlier version says nothing of it. */
export async function askBrokenEdits(root: string): Promise<readonly BrokenEdit[]> {
  let edits: readonly BrokenEdit[] | undefined;
  const hear = (answer: Readonly<Record<string, unknown>>): void => {
    edits = answer.broken_edits as readonly BrokenEdit[] | undefined;
  };
  try {
    await askOwner(root, { op: 'stats' }, hear, AbortSignal.timeout(ANSWERS_WITHIN_MS));
  } catch (error) {
    if (!(error instanceof CadenceError) || error.code !== 'no_owner') throw error;
  }
  return edits ?? [];
}
