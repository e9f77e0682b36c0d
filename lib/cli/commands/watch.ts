import type { CommandGroup } from '../command.ts';
import { DRY, NOT_FOUND } from './shared.ts';

export const WATCH_COMMANDS: CommandGroup = {
  title: 'Watch',
  commands: [
    {
      name: 'heartbeat',
      summary: 'one round of the watchman, who needs no owner: he looks, repairs what is broken, then tells what is left',
      usage: '[--wake-delay 30s]',
      maxWords: 0,
      flags: [
        { name: 'wake-delay', value: '30s', summary: 'how long things have to come right before he tells; 0s: at once (default: that of bus.yaml)' },
        DRY,
      ],
      examples: ['cadence-bus heartbeat', 'cadence-bus heartbeat --wake-delay 0s --json', 'cadence-bus heartbeat --dry-run'],
      exits: [[1, 'something is missing or wrong: the work of a watchman, not his failure'], NOT_FOUND, [75, 'another round is under way']],
      load: () => import('../verbs/heartbeat.ts'),
    },
  ],
};
