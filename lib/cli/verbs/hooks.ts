import { withHooks } from '../../app/answers/hook-results.ts';
import { carryOutChanges, viewChange } from '../../app/definitions/file.ts';
import { createReading } from '../../app/reading.ts';
import { isOnPath, planStopHook, stopHookPath } from '../../app/stop-hook.ts';
import { CadenceError } from '../../core/error.ts';
import { toVisible } from '../../core/text/excerpt.ts';
import { tellChanges } from '../changes.ts';
import type { CommandContext } from '../command.ts';
import { describeHook } from './runs.ts';

export async function run(context: CommandContext): Promise<number> {
  const { words, flags, out, root } = context;
  const [id] = words;
  if (id === undefined) throw new CadenceError('usage', 'hooks needs the id of a run or a tick, install or remove', 'See cadence-bus runs.');
  const at = await root();
  if (id === 'install' || id === 'remove') return changeStopHook(context, at, id);
  if (flags.has('dry-run')) throw new CadenceError('usage', `hooks ${id.slice(0, 80)} changes nothing`, 'Leave --dry-run out.');
  const { run_id, cadence, hooks = [] } = await withHooks(at, createReading(at).lookup(id));
  const ok = hooks.every((hook) => hook.ok || hook.status === 'pending');
  out.result({ ok, run_id, cadence, hooks }, () =>
    hooks.length === 0 ? `${run_id} of ${cadence} has set off nothing` : hooks.map((hook) => `  ${toVisible(describeHook(hook))}`).join('\n'),
  );
  const [own] = hooks.flatMap((hook) => hook.run_id ?? []);
  out.next(own === undefined ? `cadence-bus show ${run_id}` : `cadence-bus logs ${own}`);
  return ok ? 0 : 1;
}

function changeStopHook(context: CommandContext, root: string, verb: 'install' | 'remove'): number {
  const changes = planStopHook(root, verb);
  if (!context.flags.has('dry-run')) carryOutChanges(root, changes);
  if (verb === 'install' && !isOnPath()) context.out.note('! cadence-bus is not on this PATH; the hook needs it on that of the session.');
  return tellChanges(context, {
    changes: changes.map((change) => viewChange(root, change)),
    nothing: verb === 'install' ? `Installed already in ${stopHookPath(root)}.` : 'There is none of ours.',
    next: [verb === 'install' ? 'cadence-bus probe --inject-prompt' : 'cadence-bus probe'],
  });
}
