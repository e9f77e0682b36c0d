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
    {
      name: 'probe',
      summary: 'one look, as JSON: is somebody at work, and do incidents wait; for scripts and for the hook of a session',
      usage: '[--inject-prompt] [--quiet] [--advance-cursor ID]',
      maxWords: 0,
      flags: [
        { name: 'inject-prompt', summary: 'what a Stop hook of Claude Code says where incidents wait, else nothing; exit 0' },
        { name: 'quiet', short: 'q', summary: 'say nothing where all is well' },
        { name: 'advance-cursor', value: 'ID', summary: 'incidents up to this one are seen, and pending no more' },
        DRY,
      ],
      examples: ['cadence-bus probe', 'cadence-bus probe --quiet || echo "look at it"', 'cadence-bus probe --advance-cursor 2026-11-20T07-00-02Z-backup-exit'],
      exits: [[1, 'nobody is at work, or an incident waits'], NOT_FOUND],
      load: () => import('../verbs/probe.ts'),
    },
  ],
};
