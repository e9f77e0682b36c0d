import type { CommandGroup } from '../command.ts';
import { DRY, NOT_FOUND } from './shared.ts';

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
    {
      name: 'mcp',
      summary: 'serve the verbs to an agent over stdio, by the Model Context Protocol',
      usage: '',
      maxWords: 0,
      flags: [],
      examples: ['cadence-bus mcp --root ~/agents/writer', 'claude mcp add cadence-bus -- cadence-bus mcp --root ~/agents/writer'],
      exits: [NOT_FOUND],
      load: () => import('../verbs/mcp.ts'),
    },
    {
      name: 'skills',
      summary: 'teach agents to use cadence-bus: a skill file, a rule, or a section in AGENTS.md',
      usage: '[ls|install] [--tool NAME …] [--scope local|global]',
      maxWords: 1,
      flags: [
        {
          name: 'tool',
          value: 'NAME',
          isRepeatable: true,
          summary: 'claude, codex, cursor, copilot, gemini, windsurf, cline, roo, continue, opencode, pi or agents-md',
        },
        { name: 'scope', value: 'local|global', summary: 'this root (default), or all projects of this user' },
        DRY,
      ],
      examples: ['cadence-bus skills', 'cadence-bus skills install --tool claude', 'cadence-bus skills install --tool agents-md --dry-run'],
      exits: [[65, 'a file of that name is there and not ours'], NOT_FOUND],
      effect: 'changes',
      load: () => import('../verbs/skills.ts'),
    },
  ],
};
