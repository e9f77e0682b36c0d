import { resolve } from 'node:path';
import { changeDefinitions, viewChange } from '../../app/definition-file.ts';
import { planInit } from '../../app/init.ts';
import { tellChanges } from '../changes.ts';
import type { CommandContext } from '../command.ts';

export async function run(context: CommandContext): Promise<number> {
  const { words, flags, out, cwd } = context;
  const root = resolve(cwd, words[0] ?? flags.text('root') ?? '.');
  const isForced = flags.has('force');
  const { kept, found } = planInit(root, isForced);
  const changes = await changeDefinitions(root, flags.has('dry-run'), () => planInit(root, isForced).changes);
  const code = tellChanges(context, {
    changes: changes.map((change) => viewChange(root, change)),
    more: { root, kept, found },
    nothing: `${root} is an agent root already; nothing had to be done.`,
    next: ['cadence-bus run example', 'cadence-bus new <name> --command "…"', 'cadence-bus start'],
  });
  for (const { what, path, suggest } of found) out.note(`Found ${what} (${path}): ${suggest}`);
  return code;
}
