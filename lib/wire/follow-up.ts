import * as z from 'zod';
import { NOTICE_KINDS, NOTICE_WORDS } from '../core/notice/follow-up.ts';
import { MESSAGE_WORDS, unknownWords } from '../core/notice/notice.ts';
import { commandRun } from './run-kind.ts';
import { sinkKeys } from './sink.ts';
import { choice, count, keys, list, optionalDuration, text } from './value.ts';

/** What may follow the end of a run: hooks and notices, as they are written in a cadence and in bus.yaml. */
const SHELL = 'a line for /bin/sh, a map such as {command: [./x.sh]}, or a list of them';
const shellLine = z.string({ error: SHELL }).refine((given) => given.trim() !== '' && !given.includes('\0'), { error: SHELL });
export const hook = z.union([shellLine, commandRun], { error: SHELL });
export const hooks = z.union([shellLine, commandRun, list(hook, SHELL, 1)], { error: SHELL });

const KINDS = `a list of ${NOTICE_WORDS.join(', ')}`;
const message = text.refine((given) => unknownWords(given).length === 0, { error: `text with no other words in braces than {${MESSAGE_WORDS.join('}, {')}}` });

const NOTIFY = 'a map such as {on: [failure], discord: {webhook_url_env: DISCORD_WEBHOOK_URL}}, or false for none';
const notifyMap = keys(
  {
    on: list(choice(NOTICE_WORDS), KINDS)
      .optional()
      .describe(`What to tell of: ${NOTICE_KINDS.join(', ')}; exit is another word for complete, anomaly for failure. Default: [failure, recovery].`),
    message: message.optional().describe('The words. Default: "{task} {status}: {summary} ({run_id})".'),
    after: count(1, 100)
      .optional()
      .describe(
        'How many ticks must fail in a row, their retries not counted. 1: what must never fail; 2-3: daily work; 3-5: what runs often; 5 and more: what is known to be shaky. Default: 3; 1 where on is written and names failure.',
      ),
    cooldown: optionalDuration.optional().describe('For so long nothing more is told of the same incident. Default: 30m.'),
    remind: optionalDuration.optional().describe('How often an incident that stays open is called to mind; 0: never. Default: 6h.'),
    ...sinkKeys,
  },
  NOTIFY,
);
export const notify = z.union([z.literal(false, { error: NOTIFY }), notifyMap], { error: NOTIFY });

export type HookFile = z.infer<typeof hook>;
export type HooksFile = z.infer<typeof hooks>;
export type NotifyFile = z.infer<typeof notify>;
