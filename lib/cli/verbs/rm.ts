import { changeDefinitions, viewChange } from '../../app/definitions/file.ts';
import { planRemoval } from '../../app/definitions/removing.ts';
import { CadenceError } from '../../core/error.ts';
import { tellChanges } from '../changes.ts';
import type { CommandContext } from '../command.ts';
import { followTimer } from '../timer-follow.ts';

export async function run(context: CommandContext): Promise<number> {
  const { words, flags, out, root } = context;
  const [name] = words;
  if (name === undefined) throw new CadenceError('usage', 'rm needs the name of a cadence', 'See cadence-bus list.');
  const at = await root();
  const isForced = flags.has('force');
  const { changes, stays } = planRemoval(at, name, isForced);
  const isDry = flags.has('dry-run');
  if (!isDry && !flags.has('yes'))
    throw new CadenceError('usage', `rm would remove ${changes.map(({ path }) => path).join(', ')}`, 'Say --yes to do it, --dry-run to see it.');
  await changeDefinitions(at, isDry, () => planRemoval(at, name, isForced).changes);
  await followTimer(context, at, name);
  const code = tellChanges(context, {
    changes: changes.map((change) => viewChange(at, change)),
    more: { cadence: name, stays },
    nothing: '',
    next: [`cadence-bus runs ${name}`],
  });
  out.note(`What stays: ${stays.runs} runs in the history with their output, ${stays.dead} dead ticks.`);
  return code;
}
