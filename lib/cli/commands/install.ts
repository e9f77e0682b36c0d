import type { CommandGroup } from '../command.ts';
import { DRY, HELD, NO_ROOT, NOT_FOUND } from './shared.ts';

const NO_MANAGER = [69, 'launchd or systemd cannot be used here'] as const;

export const INSTALL_COMMANDS: CommandGroup = {
  title: 'Install',
  commands: [
    {
      name: 'install',
      summary: 'let launchd or systemd start the owner and wake it for its schedules; proved by one real tick, or nothing is changed',
      usage: '[cadence…] [--scheduler launchd|systemd|builtin] [--list]',
      maxWords: Number.POSITIVE_INFINITY,
      flags: [
        { name: 'scheduler', value: 'KIND', summary: 'launchd, systemd, or builtin: the owner keeps the time itself (default: what this machine has)' },
        { name: 'list', summary: 'only list what is installed, with its true state' },
        DRY,
      ],
      examples: [
        'cadence-bus install --dry-run',
        'cadence-bus install',
        'cadence-bus install nightly-backup',
        'cadence-bus install --scheduler builtin',
        'cadence-bus install --list',
      ],
      exits: [NOT_FOUND, NO_MANAGER, [74, 'what was handed over was not taken, or no tick came through; all of it was taken back'], HELD],
      effect: 'changes',
      load: () => import('../verbs/install.ts'),
    },
    {
      name: 'uninstall',
      summary: 'take the owner and all timers out of the hands of launchd or systemd; definitions, ticks, runs and logs stay',
      usage: '',
      maxWords: 0,
      flags: [DRY],
      examples: ['cadence-bus uninstall --dry-run', 'cadence-bus uninstall'],
      exits: [NO_ROOT, NO_MANAGER, [74, 'the manager refused']],
      effect: 'changes',
      load: () => import('../verbs/uninstall.ts'),
    },
  ],
};
