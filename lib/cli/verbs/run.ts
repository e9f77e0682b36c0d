import { viewRun } from '../../app/answers/cadence-view.ts';
import { faultsToWaitFor, reasonsToWait } from '../../app/answers/holds.ts';
import { withHooks } from '../../app/answers/hook-results.ts';
import { requireCadence } from '../../app/definitions/defined.ts';
import { dryRun } from '../../app/dry-run.ts';
import { hasOutput } from '../../app/following.ts';
import { refuseOwnEnd } from '../../app/nested.ts';
import { checkPayload, createProducer } from '../../app/producing.ts';
import { runHere } from '../../app/run-here.ts';
import type { Cadence } from '../../core/cadence.ts';
import { CadenceError } from '../../core/error.ts';
import { formatProblem } from '../../core/text/problem-text.ts';
import { type CommandContext, DRY_RUN, type Flags, type Output } from '../command.ts';
import { createHearer, waitingNote } from '../waiting-words.ts';
import { enqueueOptions } from './enqueue.ts';
import { describeRun } from './list.ts';
import { describeRecord } from './runs.ts';
import { isWell } from './wait.ts';

/** `--wait-timeout` is the name that docket has for it. */
function waitLimit(flags: Flags): number | undefined {
  const [limit, alias] = [flags.duration('timeout'), flags.duration('wait-timeout')];
  if (limit !== undefined && alias !== undefined) throw new CadenceError('usage', '--timeout and --wait-timeout say the same thing', 'Give one of them.');
  return limit ?? alias;
}

/** A command that has a dry run is really asked what it would do; of all others it is only shown what would be started. */
async function rehearse(root: string, cadence: Cadence, payload: unknown, out: Output, leave: AbortSignal): Promise<number> {
  const would = { ok: true, dry_run: true, would: 'run', cadence: cadence.name, run: viewRun(cadence.run) };
  const done = await dryRun(root, cadence, { payload, onOutput: out.live, signal: leave });
  if (leave.aborted) throw new CadenceError('timeout', `the dry run of ${cadence.name} was cut short`, 'Its command was ended with it; nothing goes on.');
  if (done === undefined) {
    out.result({ ...would, executed: false }, () => `Would run ${describeRun(cadence)}`);
    return DRY_RUN;
  }
  const { argv, end } = done;
  const { outcome, ending, result } = end;
  const ok = outcome.kind === 'ok';
  const words = outcome.kind === 'ok' ? outcome.summary : outcome.reason;
  const about = {
    exit_code: ending?.code ?? null,
    duration_ms: ending?.durationMs ?? 0,
    stdout_tail: ending?.stdoutTail ?? '',
    stderr_tail: ending?.stderrTail ?? '',
  };
  const answer = { ...would, ok, executed: true, argv, summary: ok ? words : '', reason: ok ? '' : words, ...about };
  out.result({ ...answer, ...(result?.kind === 'kept' ? { result: result.value } : {}) }, () => `The dry run ${ok ? 'ended well' : 'failed'}: ${words}`);
  return ok ? DRY_RUN : 1;
}

export async function run({ words, flags, out, root, leaving }: CommandContext): Promise<number> {
  const [name] = words;
  if (name === undefined) throw new CadenceError('usage', 'run needs the name of a cadence', 'See cadence-bus list.');
  const at = await root();
  const { definition, cadence } = requireCadence(at, name);
  const [problem] = definition.problems;
  if (cadence === undefined) throw new CadenceError('config', problem === undefined ? `${name} is broken` : formatProblem(problem), 'See cadence-bus check.');
  const options = { ...enqueueOptions(flags), ...(flags.has('force') ? { force: true } : {}) };
  await checkPayload(at, name, options.payload);
  const timeoutMs = waitLimit(flags);
  if (flags.has('dry-run')) return rehearse(at, cadence, options.payload, out, leaving().leave);
  if (!flags.has('async') && !flags.has('force')) await refuseOwnEnd(at, name, `Do not wait for it: cadence-bus run ${name} --async`);
  const receipt = await createProducer({ root: at }).enqueue(name, options);
  if (flags.has('async')) {
    out.result({ ...receipt }, () => `enqueued ${name} ${receipt.tick}`);
    out.next(receipt.wait_command);
    return 0;
  }
  const reasons = [...(flags.has('force') ? [] : reasonsToWait(at, cadence)), ...(await faultsToWaitFor(at, definition))];
  for (const because of reasons) out.note(waitingNote(out, name, because));
  const { tick } = receipt;
  const record = await runHere(at, tick, timeoutMs, createHearer(out, { root: at, tick, cadence: name }, leaving().leave));
  const told = await withHooks(at, record);
  out.result({ ok: isWell(record), ...told }, () => describeRecord(told));
  out.next(`cadence-bus ${hasOutput(record) ? 'logs' : 'show'} ${record.run_id}`);
  return isWell(record) ? 0 : 1;
}
