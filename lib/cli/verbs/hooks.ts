import { withHooks } from '../../app/hook-results.ts';
import { createReading } from '../../app/reading.ts';
import { CadenceError } from '../../core/error.ts';
import { toVisible } from '../../core/excerpt.ts';
import type { CommandContext } from '../command.ts';
import { describeHook } from './runs.ts';

export async function run({ words, out, root }: CommandContext): Promise<number> {
  const [id] = words;
  if (id === undefined) throw new CadenceError('usage', 'hooks needs the id of a run or a tick', 'See cadence-bus runs.');
  const at = await root();
  const { run_id, cadence, hooks = [] } = await withHooks(at, createReading(at).lookup(id));
  const ok = hooks.every((hook) => hook.ok || hook.status === 'pending');
  out.result({ ok, run_id, cadence, hooks }, () =>
    hooks.length === 0 ? `${run_id} of ${cadence} has set off nothing` : hooks.map((hook) => `  ${toVisible(describeHook(hook))}`).join('\n'),
  );
  const [own] = hooks.flatMap((hook) => hook.run_id ?? []);
  out.next(own === undefined ? `cadence-bus show ${run_id}` : `cadence-bus logs ${own}`);
  return ok ? 0 : 1;
}
