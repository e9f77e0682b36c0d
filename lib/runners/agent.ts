import { judgeAgent } from '../core/agent/verdict.ts';
import type { RunKind } from '../core/cadence.ts';
import type { Ending } from '../core/outcome.ts';
import { noteOf } from './begun.ts';
import { readTail } from './capture.ts';
import { adoptChild, runChild, writePayload } from './child-run.ts';
import { aboutRun, childEnvironment } from './environment.ts';
import type { Phase, PhaseEnd, RunnerDeps, Work } from './phase.ts';
import { readPrompt } from './prompt.ts';
import { putFile } from './run-file.ts';

type AgentKind = Extract<RunKind, { kind: 'agent' }>;

const LAST_WORDS_BYTES = 64 * 1024;

/** An agent of any make: the prompt is its stdin, its exit code is enough, and its last line may say more. */
export function createAgentWork(deps: RunnerDeps): Work<AgentKind> {
  const judged = (agent: AgentKind, phase: Phase, bare: Ending): PhaseEnd => {
    const stdout = readTail(deps.files, phase.output.stdoutPath, LAST_WORDS_BYTES, phase.before.stdoutBytes, phase.until?.stdoutBytes);
    const { outcome, session, costUsd } = judgeAgent(bare, stdout, agent.output, bare.endedMs ?? deps.clock.nowMs());
    return { outcome, ending: { ...bare, session }, costUsd };
  };
  return {
    async run(agent, phase, stop) {
      const prompt = readPrompt(deps.files, agent.promptPath, phase.job.tick.payload);
      if (prompt.kind === 'none') return refused(prompt.reason);
      const environment = childEnvironment(deps.env, agent.env, aboutRun(phase.job, deps.paths, writePayload(deps, phase)));
      if (environment.kind === 'unset') return refused(environment.reason, 'config');
      const env = Object.fromEntries(Object.entries(environment.env).filter(([name]) => !name.startsWith('CLAUDECODE')));
      const stdinPath = `${phase.runDir}/prompt.md`;
      putFile(deps.files, stdinPath, prompt.text);
      return judged(
        agent,
        phase,
        await runChild(deps, phase, stop, { kind: 'agent', argv: agent.argv, cwd: agent.cwd, env, stdinPath, note: noteOf(phase.job.cadence) }),
      );
    },
    adopt: async (agent, phase, stop) => judged(agent, phase, await adoptChild(deps, phase, stop)),
  };
}

function refused(reason: string, kind?: string): PhaseEnd {
  return { outcome: { kind: 'give_up', blame: 'cadence', reason, ...(kind === undefined ? {} : { class: kind }) }, ending: undefined };
}
