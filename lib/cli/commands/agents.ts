import type { CommandGroup } from '../command.ts';
import { NOT_FOUND } from './shared.ts';

export const AGENT_COMMANDS: CommandGroup = {
  title: 'Agents',
  commands: [
    {
      name: 'capabilities',
      summary: 'what this program can do and what may be run here: where an agent begins',
      usage: '[--json]',
      maxWords: 0,
      flags: [],
      examples: ['cadence-bus capabilities --json', 'cadence-bus capabilities'],
      exits: [NOT_FOUND],
      load: () => import('../verbs/capabilities.ts'),
    },
    {
      name: 'schema',
      summary: 'the JSON Schema of a file, or of what a command answers',
      usage: '[cadence|bus|tick|run|<command>|answer:<command>]',
      maxWords: 1,
      flags: [],
      examples: ['cadence-bus schema cadence', 'cadence-bus schema runs', 'cadence-bus schema answer:run'],
      exits: [NOT_FOUND],
      load: () => import('../verbs/schema.ts'),
    },
  ],
};
