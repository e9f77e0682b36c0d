import { enqueueSlot, latestSlot } from '../../app/answers/missed-slot.ts';
import { hasOutput } from '../../app/following.ts';
import { runHere } from '../../app/run-here.ts';
import { CadenceError, EXIT_CODES } from '../../core/error.ts';
import { type CommandContext, DRY_RUN } from '../command.ts';
import { createHearer } from '../waiting-words.ts';
import { describeRecord } from './runs.ts';
import { isWell } from './wait.ts';

export async function run({ words, flags, out, root, leaving }: CommandContext): Promise<number> {
  const [cadence] = words;
  if (cadence === undefined) throw new CadenceError('usage', 'run-now needs the name of a cadence', 'See cadence-bus list.');
  const at = await root();
  const { slot, refusal } = await latestSlot(at, cadence);
  if (refusal !== undefined) {
    const { because, isPending } = refusal;
    out.result({ ok: !isPending, cadence, slot: slot.at, executed: false, because, run_id: slot.run_id }, () => because);
    out.next(`cadence-bus why ${cadence}`, `cadence-bus run ${cadence}`);
    return isPending ? EXIT_CODES.held : 0;
  }
  if (flags.has('dry-run')) {
    out.result(
      { ok: true, dry_run: true, would: 'run-now', cadence, slot: slot.at },
      () => `Would run the slot of ${slot.at}, which was ${slot.end}: ${slot.because}`,
    );
    return DRY_RUN;
  }
  out.note(`the slot of ${slot.at} was ${slot.end}: ${slot.because}`);
  const { tick } = await enqueueSlot(at, cadence, slot);
  const record = await runHere(at, tick, flags.duration('timeout'), createHearer(out, { root: at, tick, cadence }, leaving().leave));
  out.result({ ok: isWell(record), executed: true, ...record }, () => describeRecord(record));
  out.next(`cadence-bus ${hasOutput(record) ? 'logs' : 'show'} ${record.run_id}`);
  return isWell(record) ? 0 : 1;
}
