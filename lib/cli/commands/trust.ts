import type { CommandGroup } from '../command.ts';
import { DRY, NO_ROOT, NOT_FOUND } from './shared.ts';

export const TRUST_COMMANDS: CommandGroup = {
  title: 'Trust',
  commands: [
    {
      name: 'check',
      summary: 'are the definitions right? file:line:column for each thing that is not',
      usage: '[cadence]',
      maxWords: 1,
      flags: [],
      examples: ['cadence-bus check'],
      exits: [NOT_FOUND, [78, 'a definition is wrong']],
      load: () => import('../verbs/check.ts'),
    },
    {
      name: 'doctor',
      summary: 'is everything well? each red line with the command that mends it',
      usage: '[--fix | --inside]',
      maxWords: 0,
      flags: [
        { name: 'fix', summary: 'mend what is safe to mend' },
        { ...DRY, summary: 'show what --fix would mend, change nothing, exit 2' },
        { name: 'inside', summary: 'look from the inside of a job of launchd or systemd, and tell how that world differs from this shell' },
        { name: 'tell', value: 'FILE', summary: 'write the answer, and what the world looks like from here, to a file (what --inside starts)' },
      ],
      examples: ['cadence-bus doctor', 'cadence-bus doctor --fix --dry-run', 'cadence-bus doctor --fix', 'cadence-bus doctor --inside'],
      exits: [
        [1, 'something needs attention'],
        NO_ROOT,
        [69, 'with --inside: neither launchd nor systemd can be used here'],
        [74, 'with --inside: the job did not answer'],
      ],
      effect: 'changes',
      load: () => import('../verbs/doctor.ts'),
    },
    {
      name: 'audit',
      summary: 'the conservation proof: every tick ever seen is accounted for',
      usage: '',
      maxWords: 0,
      flags: [],
      examples: ['cadence-bus audit'],
      exits: [[1, 'a tick is missing or doubled'], NO_ROOT],
      load: () => import('../verbs/audit.ts'),
    },
  ],
};
