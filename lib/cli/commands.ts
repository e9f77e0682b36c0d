import type { CommandGroup, CommandSpec, FlagSpec } from './command.ts';
import { ACT_COMMANDS } from './commands/act.ts';
import { AGENT_COMMANDS } from './commands/agents.ts';
import { CARE_COMMANDS } from './commands/care.ts';
import { DEFINE_COMMANDS } from './commands/define.ts';
import { INSTALL_COMMANDS } from './commands/install.ts';
import { MONEY_COMMANDS } from './commands/money.ts';
import { OPERATE_COMMANDS } from './commands/operate.ts';
import { RUN_COMMANDS } from './commands/run.ts';
import { SEE_COMMANDS } from './commands/see.ts';
import { TIME_COMMANDS } from './commands/time.ts';
import { TRUST_COMMANDS } from './commands/trust.ts';
import { WATCH_COMMANDS } from './commands/watch.ts';

/** Flags that every verb has. */
export const GLOBAL_FLAGS: readonly FlagSpec[] = [
  { name: 'json', summary: 'one JSON object on stdout' },
  { name: 'root', value: 'DIR', summary: 'the agent root (else CADENCE_ROOT, AGENT_ROOT, the nearest parent with cadences/)' },
  { name: 'verbose', short: 'v', summary: 'say more' },
  { name: 'no-color', summary: 'no colours' },
  { name: 'help', short: 'h', summary: 'this help' },
];

/** In the order in which help shows them. */
export const COMMAND_GROUPS: readonly CommandGroup[] = [
  RUN_COMMANDS,
  ACT_COMMANDS,
  SEE_COMMANDS,
  TIME_COMMANDS,
  MONEY_COMMANDS,
  CARE_COMMANDS,
  OPERATE_COMMANDS,
  DEFINE_COMMANDS,
  INSTALL_COMMANDS,
  TRUST_COMMANDS,
  WATCH_COMMANDS,
  AGENT_COMMANDS,
];

export const COMMANDS: readonly CommandSpec[] = COMMAND_GROUPS.flatMap(({ commands }) => commands);
