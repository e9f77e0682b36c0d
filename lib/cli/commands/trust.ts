import type { CommandGroup } from '../command.ts';
import { NOT_FOUND } from './shared.ts';

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
      usage: '[--fix]',
      maxWords: 0,
      flags: [{ name: 'fix', summary: 'mend what is safe to mend' }],
      examples: ['cadence-bus doctor', 'cadence-bus doctor --fix'],
      exits: [[1, 'something needs attention']],
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
      exits: [[1, 'a tick is missing or doubled']],
      load: () => import('../verbs/audit.ts'),
    },
  ],
};
