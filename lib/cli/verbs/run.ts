import { viewRun } from '../../app/cadence-view.ts';
import { requireCadence } from '../../app/defined.ts';
import { withHooks } from '../../app/hook-results.ts';
import { checkPayload, createProducer } from '../../app/producing.ts';
import { runHere } from '../../app/run-here.ts';
import { reasonsToWait } from '../../app/status.ts';
import { CadenceError } from '../../core/error.ts';
import { toVisible } from '../../core/excerpt.ts';
import { formatProblem } from '../../core/problem-text.ts';
import { type CommandContext, DRY_RUN } from '../command.ts';
import { enqueueOptions } from './enqueue.ts';
import { describeRun } from './list.ts';
import { describeRecord } from './runs.ts';
import { isWell } from './wait.ts';

export async function run({ words, flags, out, root }: CommandContext): Promise<number> {
  const [name] = words;
  if (name === undefined) throw new CadenceError('usage', 'run needs the name of a cadence', 'See cadence-bus list.');
  const at = await root();
  const { definition, cadence } = requireCadence(at, name);
  const [problem] = definition.problems;
  if (cadence === undefined) throw new CadenceError('config', problem === undefined ? `${name} is broken` : formatProblem(problem), 'See cadence-bus check.');
  const options = enqueueOptions(flags);
  await checkPayload(at, name, options.payload);
  const timeoutMs = flags.duration('timeout');
  if (flags.has('dry-run')) {
    out.result({ ok: true, dry_run: true, would: 'run', cadence: name, run: viewRun(cadence.run) }, () => `Would run ${describeRun(cadence)}`);
    return DRY_RUN;
  }
  const receipt = await createProducer({ root: at }).enqueue(name, options);
  if (flags.has('async')) {
    out.result({ ...receipt }, () => `enqueued ${name} ${receipt.tick}`);
    out.next(receipt.wait_command);
    return 0;
  }
  for (const because of reasonsToWait(at, cadence)) out.note(`${out.paint.yellow('‖')} ${name} waits: ${toVisible(because)}`);
  const record = await runHere(at, receipt.tick, timeoutMs, out.live);
  const told = await withHooks(at, record);
  out.result({ ok: isWell(record), ...told }, () => describeRecord(told));
  out.next(`cadence-bus logs ${record.run_id}`);
  return isWell(record) ? 0 : 1;
}
