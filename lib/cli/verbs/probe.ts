import { advanceCursor, isHeldAlready, probe, promptOf } from '../../app/probe.ts';
import { readStdinWithin } from '../../app/root.ts';
import { toVisible } from '../../core/text/excerpt.ts';
import { type CommandContext, DRY_RUN } from '../command.ts';

const HOOK_INPUT_WITHIN_MS = 500;

export async function run(context: CommandContext): Promise<number> {
  const { flags, out, root } = context;
  const at = await root();
  const id = flags.text('advance-cursor');
  if (id !== undefined) return advance(context, at, id);
  const view = await probe(at);
  if (flags.has('inject-prompt')) {
    const reason = promptOf(at, view.pending_incidents);
    if (reason === undefined || isHeldAlready(await readStdinWithin(HOOK_INPUT_WITHIN_MS))) return 0;
    const answer = { decision: 'block', reason };
    // A hook's answer is read by Claude Code: one object, whatever else was asked for, and exit 0.
    out.line(answer, JSON.stringify(answer));
    return 0;
  }
  const isTold = !flags.has('quiet') || !view.ok;
  if (isTold) out.result({ ...view }, () => JSON.stringify(view, null, 2));
  if (isTold && !view.ok) out.next(view.monitor.running ? 'cadence-bus incidents' : 'cadence-bus start');
  return view.ok ? 0 : 1;
}

function advance({ flags, out }: CommandContext, root: string, id: string): number {
  const isDry = flags.has('dry-run');
  const seen = advanceCursor(root, id, isDry);
  const answer = isDry ? { ok: true, dry_run: true, would: 'probe', seen } : { ok: true, seen };
  out.result(answer, () => `${isDry ? 'Would take' : 'Took'} all incidents up to ${toVisible(seen)} for seen.`);
  return isDry ? DRY_RUN : 0;
}
