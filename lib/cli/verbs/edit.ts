import { planEdit } from '../../app/definitions/editing.ts';
import { beginSession, discardDraft, endSession, runSession } from '../../app/definitions/editor-session.ts';
import { editsOf } from '../../app/definitions/edits.ts';
import { changeDefinitions, type DefinitionFile, type PlannedChange, readDefinitionFile, viewChange } from '../../app/definitions/file.ts';
import { forgiveFailures } from '../../app/forgiveness.ts';
import { CadenceError } from '../../core/error.ts';
import { tellChanges } from '../changes.ts';
import type { CommandContext } from '../command.ts';
import { hasKeyWords, keyWords } from '../key-words.ts';
import { followTimer } from '../timer-follow.ts';

export async function run(context: CommandContext): Promise<number> {
  const { words, flags, root } = context;
  const [name] = words;
  if (name === undefined) throw new CadenceError('usage', 'edit needs the name of a cadence', 'See cadence-bus list.');
  const at = await root();
  const isDry = flags.has('dry-run');
  const isByWords = hasKeyWords(flags) || flags.texts('unset').length > 0;
  const edits = editsOf({ ...keyWords(flags), unset: flags.texts('unset') });
  const changes = isByWords
    ? await changeDefinitions(at, isDry, () => planEdit(readDefinitionFile(at, name), edits))
    : await editByHand(context, at, readDefinitionFile(at, name));
  if (changes.length > 0 && !isDry) await forgiveFailures(at, name);
  return tellChanges(context, {
    changes: changes.map((change) => viewChange(at, change)),
    more: { cadence: name, ...(await followTimer(context, at, name)) },
    nothing: `${name} is as it was.`,
    next: [`cadence-bus show ${name}`, `cadence-bus run ${name}`],
  });
}

async function editByHand({ flags, env, out }: CommandContext, root: string, file: DefinitionFile): Promise<readonly PlannedChange[]> {
  const session = beginSession(root, file);
  if (flags.has('discard-draft')) {
    discardDraft(session);
    out.note(session.isKept ? `The draft of ${file.name} is gone.` : `There was no draft of ${file.name}.`);
    return [];
  }
  const editor = env.VISUAL || env.EDITOR;
  if (editor === undefined || editor === '') {
    if (!session.isKept) discardDraft(session);
    throw new CadenceError(
      'usage',
      'which editor? Neither VISUAL nor EDITOR is set',
      `Set one, or say what to change: cadence-bus edit ${file.name} --set timeout=10m`,
    );
  }
  if (session.isKept) out.note(`Goes on with the draft that is kept in ${session.draft}.`);
  const changes = await runSession(root, file, session, editor);
  if (flags.has('dry-run')) out.note(`The draft is kept in ${session.draft}.`);
  else await endSession(root, file, session, changes);
  return changes;
}
