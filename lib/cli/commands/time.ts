import type { CommandGroup } from '../command.ts';
import { DRY, HELD, NOT_FOUND } from './shared.ts';

export const TIME_COMMANDS: CommandGroup = {
  title: 'Time',
  commands: [
    {
      name: 'why',
      summary: 'what became of each scheduled instant, and why; why it does not run now; without a name: all that is not as it should be',
      usage: '[cadence] [--at 07:00 | --since 24h]',
      maxWords: 1,
      flags: [
        { name: 'at', value: 'TIME', summary: 'the instant: 07:00, "yesterday 7:00", "2026-11-20 7:00" or ISO 8601' },
        { name: 'since', value: '24h', summary: 'every instant since then (default: of the last day, the last 24)' },
      ],
      examples: [
        'cadence-bus why',
        'cadence-bus why nightly-backup',
        'cadence-bus why nightly-backup --at 02:00',
        'cadence-bus why nightly-backup --since 7d --json',
      ],
      exits: [NOT_FOUND],
      load: () => import('../verbs/why.ts'),
    },
    {
      name: 'next',
      summary: 'the scheduled instants that come, of one cadence or of all',
      usage: '[cadence] [--count 5]',
      maxWords: 1,
      flags: [{ name: 'count', short: 'n', value: 'N', summary: 'so many of each (default 1 of all, 5 of one)' }],
      examples: ['cadence-bus next', 'cadence-bus next nightly-backup --count 10'],
      exits: [NOT_FOUND],
      load: () => import('../verbs/next.ts'),
    },
    {
      name: 'simulate',
      summary: 'what the schedules would do from here to there: fires, overlaps, holds, cost; nothing is run or changed',
      usage: '[--from T] [--to T] [--config DIR] [--duration D] [--fresh]',
      maxWords: 0,
      flags: [
        {
          name: 'from',
          value: 'TIME',
          summary:
            'where it begins: 07:00, "2026-11-20 7:00" or ISO 8601 (default: now), with what is held, paused, spent, waiting and running now; in the past: with nothing',
        },
        { name: 'to', value: 'TIME', summary: 'where it ends (default: a week later)' },
        { name: 'config', value: 'DIR', summary: 'definitions of this folder instead of cadences/' },
        { name: 'duration', value: '5m', summary: 'so long takes every run (default: the median of the latest 40 successful runs of each)' },
        { name: 'fresh', summary: 'begin with nothing held, paused or spent, and with no tick that waits or runs' },
      ],
      examples: [
        'cadence-bus simulate',
        'cadence-bus simulate --from "2026-11-20 0:00" --to "2026-11-27 0:00" --json',
        'cadence-bus simulate --config ./new-cadences --duration 20m',
      ],
      exits: [[1, 'a slot would not run, a run would take too long, or a definition is wrong'], NOT_FOUND],
      load: () => import('../verbs/simulate.ts'),
    },
    {
      name: 'run-now',
      summary: 'run the latest slot, unless it already ran',
      usage: '<cadence> [--timeout T]',
      maxWords: 1,
      flags: [{ name: 'timeout', value: '10m', summary: 'wait no longer (the run goes on); exit 124' }, DRY],
      examples: ['cadence-bus run-now nightly-backup'],
      exits: [[1, 'the run failed'], NOT_FOUND, [75, 'its tick waits or runs already'], [124, 'the wait ended first']],
      load: () => import('../verbs/run-now.ts'),
    },
    {
      name: 'ignore',
      summary: 'no warnings about missed slots until it runs again, for 48h at most',
      usage: '<cadence> [--until 12h]',
      maxWords: 1,
      flags: [{ name: 'until', value: '12h', summary: 'so long from now (default and most: 48h)' }, DRY],
      examples: ['cadence-bus ignore nightly-backup', 'cadence-bus ignore nightly-backup --until 12h'],
      exits: [NOT_FOUND, HELD],
      load: () => import('../verbs/ignore.ts'),
    },
  ],
};
