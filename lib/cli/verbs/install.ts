import { type InstallView, install, listInstalled } from '../../app/install/install.ts';
import type { TimerView } from '../../core/slot/timer.ts';
import { paintDiff } from '../changes.ts';
import { type CommandContext, DRY_RUN, type Paint } from '../command.ts';
import { table } from '../output.ts';
import { stateWord } from '../timer-words.ts';

export async function run(context: CommandContext): Promise<number> {
  const { words, flags, out, root } = context;
  const at = await root();
  if (flags.has('list')) return list(context, at);
  const isDry = flags.has('dry-run');
  const view = await install(at, { scheduler: flags.text('scheduler'), names: words, isDry });
  const { scheduler, changes, timers, proof, warnings, crontab } = view;
  const dry = isDry ? { dry_run: true, would: 'install' } : {};
  out.result({ ok: true, ...dry, scheduler, changes, timers, proof, warnings, crontab }, () => describe(view, isDry, out.paint));
  for (const warning of warnings) out.note(`${out.paint.yellow('!')} ${warning}`);
  if (!isDry)
    out.next(...(scheduler === 'builtin' ? ['cadence-bus start', 'cadence-bus next'] : ['cadence-bus install --list', 'cadence-bus doctor --inside']));
  return isDry ? DRY_RUN : 0;
}

async function list({ out }: CommandContext, root: string): Promise<number> {
  const { scheduler, timers } = await listInstalled(root);
  out.result({ ok: true, scheduler, timers }, () =>
    timers.length === 0 ? 'Nothing is installed: the owner keeps the time itself, as long as somebody starts it.' : tableOf(timers, out.paint),
  );
  out.next(...(timers.length === 0 ? ['cadence-bus install --dry-run'] : ['cadence-bus doctor', 'cadence-bus uninstall --dry-run']));
  return 0;
}

function describe(view: InstallView, isDry: boolean, paint: Paint): string {
  const { scheduler, changes, timers, proof, crontab } = view;
  const diffs = changes.map(({ diff }) => paintDiff(diff, paint));
  if (scheduler === 'builtin')
    return [...(diffs.length === 0 ? [] : [isDry ? 'Would change:' : 'Changed:', ...diffs, '']), ...builtinLines(crontab)].join('\n');
  const parts = changes.length === 0 ? ['Every file says already what it should.'] : [isDry ? 'Would install:' : 'Installed:', ...diffs];
  if (isDry) return parts.join('\n');
  const told = `A tick sent through a timer of ${scheduler} was run by the owner (${proof?.run_id ?? ''}).`;
  return [...parts, '', tableOf(timers, paint), '', `${paint.green('✓')} ${told}`].join('\n');
}

/** It is the same before and after: nothing of ours is anywhere but in the root. */
function builtinLines(crontab: string | null): readonly string[] {
  return [
    'The owner fires the slots itself, as long as it runs: no timer and no service is installed, and nothing starts the owner but you.',
    'Now, in a terminal or under what keeps your programs: cadence-bus start',
    `At every boot, as a line of crontab -e:\n${crontab ?? ''}`,
  ];
}

function tableOf(timers: readonly TimerView[], paint: Paint): string {
  return table(timers.map((timer) => [`  ${paint.bold(timer.name)}`, stateWord(timer, paint), timer.because, timer.path]));
}
