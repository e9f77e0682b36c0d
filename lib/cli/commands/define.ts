import type { CommandGroup } from '../command.ts';
import { KEY_FLAGS } from '../key-words.ts';
import { DRY, NOT_FOUND } from './shared.ts';

const WRONG = [65, 'it would not be right, or it is there already; nothing was written'] as const;

export const DEFINE_COMMANDS: CommandGroup = {
  title: 'Define',
  commands: [
    {
      name: 'init',
      summary: 'make a folder an agent root: cadences/ with one example, and what editors need to complete and check it',
      usage: '[dir] [--force]',
      maxWords: 1,
      flags: [
        { name: 'force', summary: 'though it lies in another agent root' },
        { name: 'non-interactive', summary: 'for scripts that say so; it never asks anything' },
        DRY,
      ],
      examples: ['cadence-bus init', 'cadence-bus init ~/agents/writer', 'cadence-bus init --dry-run'],
      exits: [[65, 'it lies in another agent root']],
      effect: 'changes',
      load: () => import('../verbs/init.ts'),
    },
    {
      name: 'new',
      summary: 'make a cadence: a command, a prompt for claude, or a handler in JavaScript',
      usage: '<name> (--command "…" | --prompt TEXT|@file | --inline FILE | -- program argument …) [--set key=value …]',
      maxWords: Number.POSITIVE_INFINITY,
      flags: [
        ...KEY_FLAGS,
        { name: 'prompt', value: 'TEXT|@file|-', summary: 'what a claude session is to do: an .md file' },
        { name: 'inline', value: 'FILE', summary: 'a module with a default export; made where it is not there' },
        { name: 'disabled', summary: 'do not run it yet' },
        { name: 'destructive', summary: 'say that it may destroy something, for people and agents' },
        DRY,
      ],
      examples: [
        'cadence-bus new nightly-backup --command "./backup.sh --full" --timeout 20m',
        'cadence-bus new brief --prompt "Read notes/ and write brief.md" --set run.claude.max_turns=10',
        'cadence-bus new sync --dry-run -- rclone sync ~/vault remote:vault',
        'cadence-bus new greet --inline handlers/greet.mjs',
      ],
      exits: [WRONG, NOT_FOUND],
      effect: 'changes',
      load: () => import('../verbs/new.ts'),
    },
    {
      name: 'edit',
      summary: 'change keys of a cadence, or open it in $EDITOR; comments stay, and nothing broken is written',
      usage: '<name> [--set key=value …] [--unset key …]',
      maxWords: 1,
      flags: [
        ...KEY_FLAGS,
        { name: 'unset', value: 'key', isRepeatable: true, summary: 'take a key out: its default holds again' },
        { name: 'discard-draft', summary: 'drop what a broken session in the editor left' },
        DRY,
      ],
      examples: [
        'cadence-bus edit nightly-backup --set retry.attempts=3 --unset expires',
        'cadence-bus edit nightly-backup --timeout 1h --dry-run',
        'EDITOR=vim cadence-bus edit nightly-backup',
      ],
      exits: [WRONG, NOT_FOUND, [78, 'the file is no YAML, which no edit of a key can mend']],
      effect: 'changes',
      load: () => import('../verbs/edit.ts'),
    },
    {
      name: 'enable',
      summary: 'let a cadence run again, and try it now: its breaker is reset',
      usage: '<name>',
      maxWords: 1,
      flags: [DRY],
      examples: ['cadence-bus enable nightly-backup'],
      exits: [WRONG, NOT_FOUND],
      effect: 'changes',
      load: () => import('../verbs/enable.ts'),
    },
    {
      name: 'disable',
      summary: 'let its ticks wait, until it is enabled',
      usage: '<name>',
      maxWords: 1,
      flags: [DRY],
      examples: ['cadence-bus disable nightly-backup'],
      exits: [WRONG, NOT_FOUND],
      effect: 'changes',
      load: () => import('../verbs/enable.ts'),
    },
    {
      name: 'rm',
      summary: 'remove a definition; its history stays',
      usage: '<name> --yes [--force]',
      maxWords: 1,
      flags: [{ name: 'yes', summary: 'do it' }, { name: 'force', summary: 'though its ticks wait or run: they end in dlq/ as unknown-cadence' }, DRY],
      examples: ['cadence-bus rm old-thing --dry-run', 'cadence-bus rm old-thing --yes'],
      exits: [NOT_FOUND, [75, 'its ticks wait or run']],
      effect: 'destroys',
      load: () => import('../verbs/rm.ts'),
    },
  ],
};
