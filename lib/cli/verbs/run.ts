import { requireCadence } from '../../app/defined.ts';
import { createProducer } from '../../app/producing.ts';
import { runHere } from '../../app/run-here.ts';
import { CadenceError } from '../../core/error.ts';
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
  if (flags.has('dry-run')) {
    out.result({ ok: true, dry_run: true, would: 'run', cadence: name, run: cadence.run }, () => `Would run ${describeRun(cadence)}`);
    return DRY_RUN;
  }
  const receipt = await createProducer({ root: at }).enqueue(name, options);
  if (flags.has('async')) {
    out.result({ ...receipt }, () => `enqueued ${name} ${receipt.tick}`);
    out.next(receipt.wait_command);
    return 0;
  }
  const record = await runHere(at, receipt.tick, flags.duration('timeout'), { onOutput: (text) => out.isJson || process.stderr.write(text) });
  out.result({ ...record, ok: isWell(record) }, () => describeRecord(record));
  out.next(`cadence-bus logs ${record.run_id}`);
  return isWell(record) ? 0 : 1;
}
