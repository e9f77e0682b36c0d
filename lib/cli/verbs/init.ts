import { resolve } from 'node:path';
import { changeDefinitions, viewChange } from '../../app/definitions/file.ts';
import { isMadeByUs, planInit } from '../../app/definitions/init.ts';
import { tellChanges } from '../changes.ts';
import type { CommandContext } from '../command.ts';

export async function run(context: CommandContext): Promise<number> {
  const { words, flags, out, cwd } = context;
  const root = resolve(cwd, words[0] ?? flags.text('root') ?? '.');
  const isForced = flags.has('force');
  const { kept, found } = planInit(root, isForced);
  const changes = await changeDefinitions(root, flags.has('dry-run'), () => planInit(root, isForced).changes);
  const code = tellChanges(context, {
    changes: changes.map((change) => {
      const view = viewChange(root, change);
      return isMadeByUs(root, change.path) && !out.isVerbose ? { ...view, diff: headOf(view.diff) } : view;
    }),
    more: { root, kept, found },
    nothing: `${root} is an agent root already; nothing had to be done.`,
    next: ['cadence-bus run example', 'cadence-bus new <name> --command "…"', 'cadence-bus start'],
  });
  for (const { what, path, suggest } of found) out.note(`Found ${what} (${path}): ${suggest}`);
  return code;
}

/** A schema of thousands of lines is ours and lies there: whoever reads the answer is told where. */
function headOf(diff: string): string {
  const lines = diff.trimEnd().split('\n');
  return [...lines.slice(0, 3), `… ${lines.length - 3} lines, made by this version; -v shows them`].join('\n');
}
