import type { CommandGroup } from '../command.ts';
import { DRY, HELD, NO_ROOT, NOT_FOUND } from './shared.ts';

export const RUN_COMMANDS: CommandGroup = {
  title: 'Run',
  commands: [
    {
      name: 'start',
      summary: 'run the owner, in the foreground',
      usage: '[--drain] [--takeover] [--tour]',
      maxWords: 0,
      flags: [
        { name: 'drain', summary: 'run what may run now, then exit 0 whatever came of it; 128 + n where a signal n ended it before' },
        { name: 'takeover', summary: 'end an owner that does not answer (stopped or asleep), then start' },
        { name: 'tour', summary: 'enqueue the demonstration of this root and tell what happens' },
        DRY,
      ],
      examples: ['cadence-bus start', 'cadence-bus start --drain', 'cadence-bus start --takeover'],
      exits: [NO_ROOT, HELD, [74, 'the disk refused']],
      effect: 'changes',
      load: () => import('../verbs/start.ts'),
    },
    {
      name: 'enqueue',
      summary: 'drop a tick, print its receipt; needs no owner',
      usage: '<cadence> [--payload JSON|@file|-] [--key K] [--in 10m|--at T] [--slot T] [--source S] [--expires 1h|--expires-at T]',
      maxWords: 1,
      flags: [
        { name: 'payload', value: 'JSON|@file|-', summary: 'handed to the run as data' },
        { name: 'key', value: 'K', summary: 'two ticks with the same key are one run' },
        { name: 'in', value: '10m', summary: 'not before so long from now' },
        { name: 'at', value: 'TIME', summary: 'not before this instant (ISO 8601)' },
        { name: 'slot', value: 'TIME', summary: 'the scheduled instant that the tick stands for' },
        { name: 'source', value: 'S', summary: 'who asks (default: cli)' },
        { name: 'expires', value: '1h', summary: 'not after so long from now' },
        { name: 'expires-at', value: 'TIME', summary: 'not after this instant' },
        DRY,
      ],
      examples: [
        'cadence-bus enqueue nightly-backup',
        `cadence-bus enqueue greet --payload '{"name":"Ada"}' --key ada`,
        'cadence-bus enqueue report --at 2026-11-21T07:00:00Z',
      ],
      exits: [
        [65, 'the payload, a name or an instant is wrong'],
        [66, 'no such root or file'],
        [74, 'the disk refused'],
      ],
      load: () => import('../verbs/enqueue.ts'),
    },
    {
      name: 'run',
      summary: 'enqueue and wait for the end; without an owner this process is the owner meanwhile',
      usage: '<cadence> [--payload JSON|@file|-] [--key K] [--force] [--async] [--timeout T]',
      maxWords: 1,
      flags: [
        { name: 'payload', value: 'JSON|@file|-', summary: 'handed to the run as data' },
        { name: 'key', value: 'K', summary: 'two ticks with the same key are one run' },
        { name: 'force', summary: 'past guard, pause and breaker of the cadence, and a run under way; not past halt, account, budget' },
        { name: 'async', summary: 'print the receipt and return at once' },
        { name: 'timeout', value: '10m', summary: 'wait no longer (the run goes on); exit 124' },
        { name: 'wait-timeout', value: '10m', summary: 'the same' },
        { name: 'dry-run', summary: 'run dry_run_args or dry_run_command where there is one, else show what would start; exit 2' },
      ],
      examples: ['cadence-bus run nightly-backup', 'cadence-bus run nightly-backup --force', 'cadence-bus run nightly-backup --async --json'],
      exits: [
        [1, 'the run, or its dry run, failed'],
        [65, 'the payload is wrong, or the run would wait for its own end'],
        NOT_FOUND,
        [78, 'its definition is wrong'],
        [124, 'the wait ended first'],
      ],
      load: () => import('../verbs/run.ts'),
    },
  ],
};
