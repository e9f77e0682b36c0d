import { uninstall } from '../../app/install/install.ts';
import { paintDiff } from '../changes.ts';
import { type CommandContext, DRY_RUN } from '../command.ts';

export async function run({ flags, out, root }: CommandContext): Promise<number> {
  const isDry = flags.has('dry-run');
  const { changes, scheduler } = await uninstall(await root(), isDry);
  const dry = isDry ? { dry_run: true, would: 'uninstall' } : {};
  out.result({ ok: true, ...dry, scheduler, changes }, () => {
    if (changes.length === 0) return 'Nothing is installed.';
    if (isDry) return ['Would uninstall:', ...changes.map(({ diff }) => paintDiff(diff, out.paint))].join('\n');
    return changes.map(({ path, change }) => `${out.paint.red(change === 'remove' ? 'removed' : 'changed')} ${path}`).join('\n');
  });
  if (!isDry) out.next('cadence-bus start', 'cadence-bus install');
  return isDry ? DRY_RUN : 0;
}
