import * as z from 'zod';
import { accountsKey } from './account.ts';
import { busAgents, checkSlots } from './agent-slots.ts';
import { busBudget, checkBudget } from './budget.ts';
import type { Checked } from './cadence.ts';
import { chatKey } from './chat-senders.ts';
import { explainIssues, type NotYet } from './explain.ts';
import { notify } from './follow-up.ts';
import type { SourceProblem } from './problem.ts';
import { agentKeys, claudeKeys } from './run-kind.ts';
import { schedulerKey } from './schedule.ts';
import { SECRETS_BY_ENV } from './sink.ts';
import { count, duration, keys, path, size } from './value.ts';
import { heartbeatKey, selfDiagnosisKey, WATCH_ELSEWHERE } from './watch.ts';
import type { YamlSource } from './yaml-source.ts';

const LANE = 'the name of a lane (a-z, 0-9, - and _)';
const laneName = z.string({ error: LANE }).regex(/^[a-z0-9][a-z0-9_-]{0,49}$/, { error: LANE });
const LANES = 'a map lane: how many run at once, such as {agent: 1, command: 4}';

const { model, fallback_model, max_turns, allowed_tools, disallowed_tools, permission_mode, max_usd } = claudeKeys.shape;
const sessionDefaults = { model, fallback_model, max_turns, allowed_tools, disallowed_tools, permission_mode, max_usd };

/** The one source of what may stand in `cadences/bus.yaml`. */
export const busSettingsSchema = keys(
  {
    lanes: z
      .record(laneName, count(1, 10_000), { error: (issue) => (issue.code === 'invalid_key' ? LANE : LANES) })
      .optional()
      .describe('How many runs of a lane may be under way at once. Default: {agent: 1, command: 4, inline: 16}; lanes of your own are added.'),
    claude: keys(
      { path: path.optional().describe('Where the claude program is. Default: looked for on the PATH.'), ...sessionDefaults },
      'a map such as {path: ~/.local/bin/claude, model: haiku}',
    )
      .optional()
      .describe('The claude program, and what every session of it takes that says nothing else.'),
    agent: agentKeys.optional().describe('The agent that runs every .md file which names no other. Default: claude.'),
    agents: busAgents,
    budget: busBudget.optional().describe('What all cadences together may spend. Default: no limit.'),
    scheduler: schedulerKey,
    notify: notify.optional().describe('Whom to tell, and of what, for every cadence that says nothing else.'),
    chat: chatKey,
    accounts: accountsKey,
    heartbeat: heartbeatKey.optional().describe('The watchman: how often he comes, and who is told from outside. See cadence-bus heartbeat.'),
    self_diagnosis: selfDiagnosisKey.optional().describe('Whether an agent looks where a repair of the watchman did not help. Default: it does not.'),
    min_free: size.optional().describe('Below this much free disk nothing new is started. Default: 200MB.'),
    retention: keys(
      {
        age: duration
          .optional()
          .describe('How long runs and their output are kept; what is known of runs a week at least, for keys are known again by it. Default: 90d.'),
        size: size.optional().describe('The most that they may take on disk. Default: 2GB.'),
        runs: count(1).optional().describe('Of how many runs the output is kept at most; receipts stay. Default: no limit.'),
      },
      'a map such as {age: 90d, size: 2GB}',
    )
      .optional()
      .describe('What is kept of past runs.'),
  },
  'a map of keys such as lanes: {command: 4}',
);

export type BusSettingsFile = z.infer<typeof busSettingsSchema>;

const LATER = 'Remove it; nothing would come of it.';
const SETTINGS_NOT_YET: NotYet = {
  sinks: LATER,
  ...SECRETS_BY_ENV,
  ...WATCH_ELSEWHERE,
  budgets: 'It is called budget: {day_usd: 10, month_usd: 100}; what one cadence may spend stands in its own file.',
};

function checkAgents({ agent, agents }: BusSettingsFile, source: YamlSource): readonly SourceProblem[] {
  if (agents === undefined) return [];
  const both = agent === undefined ? [] : [source.problem(['agent'], 'found agent and agents, expected one of them', 'Make it the first of agents.', 'key')];
  return [...both, ...checkSlots(agents, source)];
}

/** A file with nothing in it is fine: all defaults hold. */
export function checkBusSettings(source: YamlSource): Checked<BusSettingsFile> {
  if (!source.isSound) return { file: undefined, problems: source.problems };
  const checked = busSettingsSchema.safeParse(source.value ?? {});
  const problems = [
    ...source.problems,
    ...(checked.success
      ? [...checkBudget(checked.data.budget, source), ...checkAgents(checked.data, source)]
      : explainIssues(checked.error.issues, source, SETTINGS_NOT_YET)),
  ];
  return { file: problems.length === 0 ? checked.data : undefined, problems };
}
