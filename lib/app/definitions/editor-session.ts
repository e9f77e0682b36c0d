import { basename, extname } from 'node:path';
import { CadenceError } from '../../core/error.ts';
import { pathsOf } from '../../core/paths.ts';
import { formatProblem } from '../../core/text/problem-text.ts';
import { openEditor } from '../../platform/editor.ts';
import { createFiles } from '../../platform/files.ts';
import { changeDefinitions, type DefinitionFile, type PlannedChange, problemsOfChanges } from './file.ts';

/**
 * An edit by hand. The user works on a draft under the state folder, so that half an edit is never taken up; it becomes
 * the definition when it is right, and stays where it is when it is not: no keystroke is lost, whatever ends the session.
 */
export interface EditorSession {
  readonly draft: string;
  /** An earlier session left it; this one goes on with it. */
  readonly isKept: boolean;
  /** What the draft was begun from: a file that has changed since is not overwritten. */
  readonly base: string;
}

export function beginSession(root: string, { name, path, text }: DefinitionFile): EditorSession {
  const files = createFiles();
  const folder = `${pathsOf(root).state}/drafts`;
  const draft = `${folder}/${name}${extname(path)}`;
  const kept = files.info(draft) === undefined ? undefined : files.read(baseOf(draft));
  if (kept?.kind === 'text') return { draft, isKept: true, base: kept.text };
  files.makeDir(folder);
  files.write(baseOf(draft), text);
  files.write(draft, text);
  return { draft, isKept: false, base: text };
}

export function discardDraft({ draft }: EditorSession): void {
  createFiles().remove(draft);
  createFiles().remove(baseOf(draft));
}

function baseOf(draft: string): string {
  return `${draft}.base`;
}

/** What the session came to. Throws `bad_data`, and keeps the draft, where it is not right. */
export async function runSession(root: string, file: DefinitionFile, { draft, base }: EditorSession, editor: string): Promise<readonly PlannedChange[]> {
  await openEditor(editor, draft);
  const read = createFiles().read(draft);
  if (read?.kind !== 'text') throw new CadenceError('bad_data', `${draft} is no text any more`, 'Look at it, or start again with --discard-draft.');
  const changes = read.text === base ? [] : [{ path: file.path, before: base, after: read.text }];
  const problems = problemsOfChanges(root, changes).map((problem) => formatProblem({ ...problem, path: draft }));
  if (problems.length > 0)
    throw new CadenceError('bad_data', problems.join('\n'), `${basename(file.path)} is as it was; your draft is kept. ${again(file.name)}`);
  return changes;
}

/** The draft becomes the definition. Where that fails it is kept. */
export async function endSession(root: string, { name }: DefinitionFile, session: EditorSession, changes: readonly PlannedChange[]): Promise<void> {
  try {
    await changeDefinitions(root, false, () => changes);
  } catch (error) {
    if (error instanceof CadenceError)
      throw new CadenceError(error.code, `${error.message}; your draft is kept in ${session.draft}`, `${error.hint} ${again(name)}`);
    throw error;
  }
  discardDraft(session);
}

function again(name: string): string {
  return `Go on with it: cadence-bus edit ${name}. Drop it: cadence-bus edit ${name} --discard-draft`;
}
