import { planEnabled } from '../../app/definitions/editing.ts';
import { changeDefinitions, readDefinitionFile, viewChange } from '../../app/definitions/file.ts';
import { forgiveFailures } from '../../app/forgiveness.ts';
import { syncOrUndo } from '../../app/install/timer-sync.ts';
import { CadenceError } from '../../core/error.ts';
import { tellChanges } from '../changes.ts';
import type { CommandContext } from '../command.ts';

/** `enable` and `disable`, told apart by the verb's name. */
export async function run(context: CommandContext): Promise<number> {
  const { spec, words, flags, root } = context;
  const [name] = words;
  if (name === undefined) throw new CadenceError('usage', `${spec.name} needs the name of a cadence`, 'See cadence-bus list.');
  const isEnabled = spec.name === 'enable';
  const at = await root();
  const isDry = flags.has('dry-run');
  const changes = await changeDefinitions(at, isDry, () => planEnabled(at, readDefinitionFile(at, name), isEnabled));
  const timer = isDry ? undefined : await syncOrUndo(at, name, changes);
  if (!isDry && isEnabled) await forgiveFailures(at, name);
  return tellChanges(context, {
    changes: changes.map((change) => viewChange(at, change)),
    more: { cadence: name, enabled: isEnabled, timer: timer ?? null },
    nothing: `${name} is ${isEnabled ? 'enabled' : 'disabled'} already.`,
    next: [isEnabled ? `cadence-bus run ${name}` : `cadence-bus enable ${name}`, 'cadence-bus list'],
  });
}
