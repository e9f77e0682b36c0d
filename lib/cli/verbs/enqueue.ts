import { checkPayload, createProducer, type EnqueueOptions, previewTick, readPayload } from '../../app/producing.ts';
import { nowMs } from '../../app/root.ts';
import { CadenceError } from '../../core/error.ts';
import { isIsoInstant, parseIso } from '../../core/time/instant.ts';
import { type CommandContext, DRY_RUN, type Flags } from '../command.ts';

export async function run({ words, flags, out, root }: CommandContext): Promise<number> {
  const [cadence] = words;
  if (cadence === undefined) throw new CadenceError('usage', 'enqueue needs the name of a cadence', 'See cadence-bus list.');
  const options = enqueueOptions(flags);
  const at = await root();
  await checkPayload(at, cadence, options.payload);
  if (flags.has('dry-run')) {
    const preview = previewTick(cadence, options);
    out.result(
      { ok: true, dry_run: true, would: 'enqueue', cadence, ...preview },
      () => `Would drop a tick for ${cadence}, due ${preview.due_at}:\n${JSON.stringify(preview.content)}`,
    );
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
  const dueMs = instant('at', at);
  const expiresAtMs = expiresInMs === undefined ? instant('expires-at', flags.text('expires-at')) : nowMs() + expiresInMs;
  if (expiresInMs !== undefined && flags.text('expires-at') !== undefined)
    throw new CadenceError('usage', '--expires and --expires-at say the same thing', 'Give one of them.');
  if (at !== undefined && delayMs !== undefined) throw new CadenceError('usage', '--in and --at say the same thing', 'Give one of them.');
  return {
    source: flags.text('source') ?? 'cli',
    ...(payload === undefined ? {} : { payload: readPayload(payload) }),
    ...(key === undefined ? {} : { key }),
    ...(slot === undefined ? {} : { slot }),
    ...(delayMs === undefined ? {} : { delayMs }),
    ...(dueMs === undefined ? {} : { dueMs }),
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
  };
}

function instant(flag: string, given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  if (isIsoInstant(given)) return parseIso(given);
  throw new CadenceError('bad_data', `--${flag} ${given} is not an instant`, 'Write it like 2026-11-20T07:00:00Z.');
}
