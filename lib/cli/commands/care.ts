import type { CommandGroup } from '../command.ts';
import { DRY, HELD, NOT_FOUND } from './shared.ts';

export const CARE_COMMANDS: CommandGroup = {
  title: 'Care',
  commands: [
    {
      name: 'incidents',
      summary: 'what fails, one for each bug, with the evidence; what was tried, and whether it is over',
      usage: '[ls|show|approve|ignore|resolve] [incident] [--state S] [--cadence C] [--since 7d] [--for 24h]',
      maxWords: 2,
      flags: [
        { name: 'state', value: 'S', summary: 'open, healing, needs_human, ignored, resolved or all (default: all that is not resolved)' },
        { name: 'cadence', value: 'C', summary: 'only of this cadence' },
        { name: 'since', value: '7d', summary: 'seen last since then' },
        { name: 'for', value: '24h', summary: 'how long it is approved (default 24h) or ignored (default 48h), at most 30d' },
        DRY,
      ],
      examples: [
        'cadence-bus incidents',
        'cadence-bus incidents show 2026-11-20T07-00-02Z',
        'cadence-bus incidents ignore nightly-backup --for 12h',
        'cadence-bus incidents resolve nightly-backup',
        'cadence-bus incidents ls --state resolved --since 7d --json',
      ],
      exits: [NOT_FOUND, HELD],
      effect: 'changes',
      load: () => import('../verbs/incidents.ts'),
    },
  ],
};
