import type { CommandGroup } from '../command.ts';
import { DRY, HELD, NO_ROOT, NOT_FOUND } from './shared.ts';

export const CARE_COMMANDS: CommandGroup = {
  title: 'Care',
  commands: [
    {
      name: 'incidents',
      summary: 'what fails, one for each bug, with the evidence; what was tried, and whether it is over',
      usage: '[ls|show|approve|ignore|resolve|respond] [incident] [--state S] [--cadence C] [--since 7d] [--for 24h] [--action A]',
      maxWords: 2,
      flags: [
        { name: 'state', value: 'S', summary: 'open, healing, needs_human, ignored, resolved or all (default: all that is not resolved)' },
        { name: 'cadence', value: 'C', summary: 'only of this cadence' },
        { name: 'since', value: '7d', summary: 'seen last since then' },
        { name: 'for', value: '24h', summary: 'how long it is approved (default 24h) or ignored (default 48h), at most 30d' },
        { name: 'action', value: 'A', summary: 'respond: restart, restart_with_env, pause, abort or none' },
        { name: 'set', value: 'K=V', isRepeatable: true, summary: 'respond: a variable for the next runs; half and double are values too' },
        { name: 'diagnosis', value: 'TEXT', summary: 'respond: what was wrong, and what was done' },
        { name: 'session', summary: 'respond: an agent’s session answers, and not a person' },
        DRY,
      ],
      examples: [
        'cadence-bus incidents',
        'cadence-bus incidents show 2026-11-20T07-00-02Z',
        'cadence-bus incidents ignore nightly-backup --for 12h',
        'cadence-bus incidents resolve nightly-backup',
        'cadence-bus incidents respond train --action restart_with_env --set BATCH=half --diagnosis "out of memory"',
        'cadence-bus incidents ls --state resolved --since 7d --json',
      ],
      exits: [NOT_FOUND, HELD],
      effect: 'changes',
      load: () => import('../verbs/incidents.ts'),
    },
    {
      name: 'learn',
      summary: 'what 30 days of failures say of a cadence: chronic, persistent, intermittent; and the episodes behind the word',
      usage: '[cadence]',
      maxWords: 1,
      flags: [],
      examples: ['cadence-bus learn', 'cadence-bus learn nightly-backup', 'cadence-bus learn --json'],
      exits: [NOT_FOUND],
      load: () => import('../verbs/learn.ts'),
    },
    {
      name: 'analyze',
      summary: 'what fails most, what mends it and how often that holds, what it costs',
      usage: '[--since 24h]',
      maxWords: 0,
      flags: [{ name: 'since', value: '24h', summary: 'what happened since then (default: 24h)' }],
      examples: ['cadence-bus analyze', 'cadence-bus analyze --since 7d --json'],
      exits: [NO_ROOT],
      load: () => import('../verbs/analyze.ts'),
    },
  ],
};
