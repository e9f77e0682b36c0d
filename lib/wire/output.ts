import * as z from 'zod';
import { OUTPUT_KINDS } from '../core/output.ts';
import { choice, list, text, word } from './value.ts';

const ARGS = 'a list of words';
const COMMAND = 'a list of words, [program, argument, …], or one text';

/** The program and its arguments, as every command is written. */
export const commandLine = z.union(
  [list(word, COMMAND, 1), z.string({ error: COMMAND }).refine((given) => given.trim() !== '' && !given.includes('\0'), { error: COMMAND })],
  { error: COMMAND },
);

/** What a run's command may say besides, and a guard's may not. */
export const runCommandKeys = {
  args: list(word, ARGS)
    .optional()
    .describe('More arguments, behind those of the command; of a shell line $1, $2 and so on. Nothing of a payload is ever put into them.'),
  dry_run_args: list(word, ARGS)
    .optional()
    .describe('For run --dry-run: the arguments that stand in the place of args. The program must not change anything then.'),
  dry_run_command: commandLine.optional().describe('For run --dry-run: another command, which must not change anything.'),
  output: choice(OUTPUT_KINDS)
    .optional()
    .describe(
      'What stdout is: text; json, one value, the result; jsonl, an object a line, each an event when it is printed; auto, json or jsonl where it is that. Default: text.',
    ),
};

export const summaryTemplate = text.describe(
  'What a run came to, from its result: "{tabs_archived} tabs". Default: its last lines, or the first words of a session.',
);
