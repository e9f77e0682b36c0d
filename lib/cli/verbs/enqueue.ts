import { createProducer, type EnqueueOptions, readPayload } from '../../app/producing.ts';
import { nowMs } from '../../app/root.ts';
import { CadenceError } from '../../core/error.ts';
import { parseIso } from '../../core/instant.ts';
import { type CommandContext, DRY_RUN, type Flags } from '../command.ts';

export async function run({ words, flags, out, root }: CommandContext): Promise<number> {
  const [cadence] = words;
  if (cadence === undefined) throw new CadenceError('usage', 'enqueue needs the name of a cadence', 'See cadence-bus list.');
  const options = enqueueOptions(flags);
  const at = await root();
  if (flags.has('dry-run')) {
    out.result({ ok: true, dry_run: true, would: 'enqueue', cadence, ...options }, () => `Would drop a tick for ${cadence}.`);
    return DRY_RUN;
  }
  const receipt = await createProducer({ root: at }).enqueue(cadence, options);
  out.result({ ...receipt }, () => `${receipt.already_pending === true ? 'already pending' : 'enqueued'} ${cadence} ${receipt.tick}  ${receipt.path}`);
  out.next(`cadence-bus wait ${receipt.tick}`, `cadence-bus show ${receipt.tick}`);
  return 0;
}

export function enqueueOptions(flags: Flags): EnqueueOptions {
  const payload = flags.text('payload');
  const [key, slot] = [flags.text('key'), flags.text('slot')];
  const [delayMs, expiresInMs] = [flags.duration('in'), flags.duration('expires')];
  const at = flags.text('at');
  const dueMs = parseIso(at);
  if (at !== undefined && dueMs === undefined) throw new CadenceError('usage', `--at ${at} is not an instant`, 'Write it like 2026-11-20T07:00:00Z.');
  if (at !== undefined && delayMs !== undefined) throw new CadenceError('usage', '--in and --at say the same thing', 'Give one of them.');
  return {
    source: flags.text('source') ?? 'cli',
    ...(payload === undefined ? {} : { payload: readPayload(payload) }),
    ...(key === undefined ? {} : { key }),
    ...(slot === undefined ? {} : { slot }),
    ...(delayMs === undefined ? {} : { delayMs }),
    ...(dueMs === undefined ? {} : { dueMs }),
    ...(expiresInMs === undefined ? {} : { expiresAtMs: nowMs() + expiresInMs }),
  };
}
