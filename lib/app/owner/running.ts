import { PROBE_CADENCE } from '../../core/builtin.ts';
import type { Cadence } from '../../core/cadence.ts';
import { CadenceError } from '../../core/error.ts';
import type { HandlerEnqueueOptions } from '../../core/handler.ts';
import type { Outcome } from '../../core/outcome.ts';
import { CONTROL_CADENCE } from '../../core/tick.ts';
import { parseDuration } from '../../core/time/duration.ts';
import type { Ms } from '../../core/time/instant.ts';
import { cutLog } from '../../platform/child-log.ts';
import { randomSessionId } from '../../platform/ids.ts';
import { createProducer, requireKnown } from '../../platform/producer.ts';
import { askProgram, hearProgram } from '../../platform/program-answer.ts';
import { createUptime } from '../../platform/uptime.ts';
import type { Processes, Runner, Uptime } from '../../ports.ts';
import type { RunnerDeps } from '../../runners/phase.ts';
import { createRunners } from '../../runners/runners.ts';
import { createWatch } from '../../runners/watch.ts';
import { redacted } from '../redacting.ts';
import type { Storage } from '../storage.ts';
import { createOutputEvents } from './output-events.ts';

export type Runners = Readonly<Record<Cadence['run']['kind'], Runner>>;

/** What runners need of the machine besides its disk, its time and its processes. */
export type Programs = Pick<RunnerDeps, 'askProgram' | 'newSessionId' | 'enqueue' | 'load'> & {
  readonly cutLog: typeof cutLog;
  readonly hearProgram: typeof hearProgram;
};

/** The runners of a real owner. */
export function composeRunners(
  storage: Storage,
  processes: RunnerDeps['processes'] & Processes,
  meter: RunnerDeps['meter'],
  programs: Programs = { askProgram, hearProgram, cutLog, newSessionId: randomSessionId, enqueue: createChildEnqueue(storage.paths.root) },
  { sinceBootMs }: Pick<Uptime, 'sinceBootMs'> = createUptime(),
): Runners {
  const { clock, files, paths, machine, definitions, redacting, history } = storage;
  const { cutLog, askProgram, newSessionId, enqueue, load } = programs;
  const watch = createWatch({ clock, files, cutLog, sinceBootMs });
  const events = createOutputEvents(storage);
  const deps = {
    // A copy: each look into the environment of the process itself asks the system.
    ...{ clock, files, paths, processes, watch, events, env: { ...machine.env }, nodePath: process.execPath },
    ...{ askProgram, newSessionId, enqueue, load, meter, settings: definitions.settings },
    lastAttempt: (cadence: string, tickId: string) => history.attempts(cadence, tickId).at(-1),
  };
  const { inline, command, claude, agent } = createRunners(deps);
  return { inline: redacted(inline, redacting), command: redacted(command, redacting), claude: redacted(claude, redacting), agent: redacted(agent, redacting) };
}

/** Which runner a cadence has; orders have one of their own. */
export function createRunnerChoice(
  runners: Runners,
  carryOut: (payload: unknown) => Promise<Outcome>,
  own: (cadence: string, runners: Runners) => Runner | undefined,
): (cadence: Cadence) => Runner {
  const orders = createOrderRunner(carryOut);
  return ({ name, run }) => {
    if (name === CONTROL_CADENCE) return orders;
    return name === PROBE_CADENCE ? PROBE_RUNNER : (own(name, runners) ?? runners[run.kind]);
  };
}

const hasArrived: Runner['run'] = async () => ({
  outcome: { kind: 'ok', summary: 'the tick has arrived' },
  ending: undefined,
  stdoutPath: null,
  stderrPath: null,
});
/** To have arrived is all that it does. */
const PROBE_RUNNER: Runner = { run: hasArrived, adopt: hasArrived };

const HANDLER_OPTIONS: Readonly<Record<keyof HandlerEnqueueOptions, true>> = { payload: true, key: true, in: true };

/** A handler that asks for itself again after a time that nobody understands must not run again at once, and so for ever. */
function delayOf(after: unknown): Ms {
  const delayMs = typeof after === 'string' ? parseDuration(after) : undefined;
  if (delayMs !== undefined) return delayMs;
  throw new CadenceError('bad_data', `enqueue is to wait for ${JSON.stringify(after)?.slice(0, 40)}, which is no duration`, 'Write in: "10m".');
}

/** A handler's tick knows whose child it is. */
function createChildEnqueue(root: string) {
  const producer = createProducer({ root });
  return async (cadence: string, options: HandlerEnqueueOptions, parent: { readonly runId: string; readonly depth: number }): Promise<unknown> => {
    requireKnown(options, HANDLER_OPTIONS);
    const { payload, key, in: after } = options;
    const delayMs = after === undefined ? undefined : delayOf(after);
    return producer.enqueue(cadence, {
      source: 'handler',
      parentRun: parent.runId,
      depth: parent.depth,
      ...(payload === undefined ? {} : { payload }),
      ...(key === undefined ? {} : { key }),
      ...(delayMs === undefined ? {} : { delayMs }),
    });
  };
}

/** Orders have no process and no output; they end where they are carried out. */
function createOrderRunner(carryOut: (payload: unknown) => Promise<Outcome>): Runner {
  const run: Runner['run'] = async (job) => ({ outcome: await carryOut(job.tick.payload), ending: undefined, stdoutPath: null, stderrPath: null });
  return { run, adopt: run };
}
