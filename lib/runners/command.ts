import type { RunKind } from '../core/cadence.ts';
import { judgeExit } from '../core/judge.ts';
import { adoptChild, runChild, writePayload } from './child-run.ts';
import { createOutputEar } from './command-output.ts';
import { aboutRun, childEnvironment, passedOn } from './environment.ts';
import type { RunnerDeps, Work } from './phase.ts';

export type CommandKind = Extract<RunKind, { kind: 'command' }>;

/** A program of the user's. It is told of its run in its environment, and of the payload in a file that is its stdin too. */
export function createCommandWork(deps: RunnerDeps): Work<CommandKind> {
  let passed: ReturnType<typeof passedOn> | undefined;
  return {
    async run(command, phase, stop) {
      const payloadPath = writePayload(deps, phase);
      passed ??= passedOn(deps.env);
      const environment = childEnvironment(deps.env, command.env, aboutRun(phase.job, deps.paths, payloadPath), passed);
      if (environment.kind === 'unset') return { outcome: { kind: 'give_up', blame: 'cadence', reason: environment.reason }, ending: undefined };
      const { cwd, okCodes } = command;
      const ear = createOutputEar(deps, command, phase, 'run');
      const plan = { kind: 'command', argv: argvOf(command), cwd, env: environment.env, stdinPath: payloadPath, ...ear.attention };
      const ending = await runChild(deps, phase, stop, plan);
      return ear.judge({ outcome: judgeExit(ending, okCodes), ending });
    },
    async adopt(command, phase, stop) {
      const ear = createOutputEar(deps, command, phase, 'adopt');
      const ending = await adoptChild(deps, phase, stop, ear.attention);
      return ear.judge({ outcome: judgeExit(ending, command.okCodes), ending });
    },
  };
}

/** A shell sees only what stands in the cadence: nothing of a tick is ever part of it. */
export function argvOf(command: CommandKind): readonly string[] {
  const [text = '', ...args] = command.argv;
  if (!command.shell) return command.argv;
  return args.length === 0 ? ['/bin/sh', '-c', text] : ['/bin/sh', '-c', text, 'sh', ...args];
}
