import type { CommandGroup } from '../command.ts';
import { DRY, NOT_FOUND } from './shared.ts';

const NOTIFY_NOTES = [
  'A failure is told with its incident, under notify: in a cadence or in cadences/bus.yaml:',
  '  after      so many ticks failed in a row, their retries not counted; default 3, or 1 where on: names failure',
  '             1 what must never fail · 2-3 daily work · 3-5 what runs often · 5+ what is known to be shaky',
  '  cooldown   nothing more of the same incident for so long (30m), unless a person is needed',
  '  remind     while it stays open (6h); again at once at 2, 5 and 10 times what is allowed',
];

export const ACT_COMMANDS: CommandGroup = {
  title: 'Act',
  commands: [
    {
      name: 'exec',
      summary: 'lay retries, a receipt, a breaker and logs around any command, for example in a crontab; needs no file and no owner',
      usage: '[--name N] [--retries 3] [--delay 30s] [--timeout 1h] [--idle-timeout 10m] [--env NAME …] [--quiet-ok] -- program argument …',
      maxWords: Number.POSITIVE_INFINITY,
      flags: [
        { name: 'name', value: 'N', summary: 'its name in every listing (default: that of the program, or of what a shell or an interpreter is to run)' },
        { name: 'retries', value: 'N', summary: 'so many more tries after a failure (default: 0)' },
        { name: 'delay', value: '30s', summary: 'the wait between tries (default: 30s, then 2m)' },
        { name: 'timeout', value: '1h', summary: 'stop it after so long (default: never)' },
        { name: 'idle-timeout', value: '10m', summary: 'stop it once it has been silent so long (default: never)' },
        { name: 'env', value: 'NAME', isRepeatable: true, summary: 'a variable that it sees besides PATH, HOME, LANG and their like' },
        { name: 'quiet-ok', summary: 'say nothing where it ends well: cron sends no mail then' },
        DRY,
      ],
      examples: [
        'cadence-bus exec --name backup --retries 3 --timeout 1h -- ./backup.sh --full',
        '0 2 * * *  cd ~/vault && cadence-bus exec --name backup --quiet-ok -- ./backup.sh',
        "cadence-bus exec --name dump -- sh -c 'pg_dump books | gzip > books.gz'",
      ],
      notes: [
        'Its stdin is empty, for there may be a second try: what is piped into exec reaches nobody. Put the whole pipe behind sh -c.',
        'Calls with one name and different commands are one after the other, and so are calls in one folder. Where an owner runs, it starts the command,',
        'with the PATH and the variables of its own environment.',
      ],
      exits: [
        [0, 'it ended well, or waits for nothing'],
        [65, 'it would wait for its own end'],
        [
          75,
          'held by its breaker, a pause or a halt, and nothing was started; or it said 75 itself, asks to be tried later: whoever called calls again, owner or none',
        ],
        [78, 'the command cannot be run so'],
        [124, 'it was stopped for its time'],
      ],
      effect: 'changes',
      load: () => import('../verbs/exec.ts'),
    },
    {
      name: 'notify',
      summary: 'who is told, what waits to be told; send a test notice to each sink',
      usage: '[ls|test] [sink] [--timeout 15s]',
      maxWords: 2,
      flags: [{ name: 'timeout', value: '15s', summary: 'wait no longer for a test' }, DRY],
      examples: ['cadence-bus notify', 'cadence-bus notify test', 'cadence-bus notify test discord', 'cadence-bus notify test ntfy --dry-run'],
      notes: NOTIFY_NOTES,
      exits: [[1, 'a test did not arrive'], NOT_FOUND],
      effect: 'changes',
      load: () => import('../verbs/notify.ts'),
    },
    {
      name: 'hooks',
      summary: 'what came of the hooks and notices of a run; or the Stop hook of Claude Code that tells a session of incidents',
      usage: '<run|tick|install|remove>',
      maxWords: 1,
      flags: [DRY],
      examples: ['cadence-bus hooks x7k2p9qd4mzt', 'cadence-bus hooks install --dry-run', 'cadence-bus hooks remove'],
      exits: [[1, 'one has failed'], [65, 'the settings of Claude Code are no JSON'], NOT_FOUND],
      load: () => import('../verbs/hooks.ts'),
    },
  ],
};
