import * as z from 'zod';
import { NOTICE_KINDS } from '../core/follow-up.ts';
import { MESSAGE_WORDS, unknownWords } from '../core/notice.ts';
import type { NotYet } from './explain.ts';
import { commandRun } from './run-kind.ts';
import { choice, envName, flag, keys, list, text } from './value.ts';

/** What may follow the end of a run: hooks and notices, as they are written in a cadence and in bus.yaml. */
const SHELL = 'a line for /bin/sh, a map such as {command: [./x.sh]}, or a list of them';
const shellLine = z.string({ error: SHELL }).refine((given) => given.trim() !== '' && !given.includes('\0'), { error: SHELL });
const hook = z.union([shellLine, commandRun], { error: SHELL });
export const hooks = z.union([shellLine, commandRun, list(hook, SHELL, 1)], { error: SHELL });

const variable = (what: string) =>
  z.string({ error: `the name of the environment variable that holds ${what}` }).regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
    error: `the name of the environment variable that holds ${what}, never ${what} itself: a file is no place for a secret`,
  });

const URL_HINT = 'an address such as https://example.com/hook';
const SECRET_URL = 'an address without a secret in it; put this one into an environment variable and name that under url_env';
const plainUrl = z
  .string({ error: URL_HINT })
  .regex(/^https?:\/\/[^\s\0]+$/i, { error: URL_HINT })
  .refine((given) => !isSecretUrl(given), { error: SECRET_URL });

/** Known addresses whose path is the password, a user with a password, and a key in the query. */
function isSecretUrl(url: string): boolean {
  return /hooks\.slack\.com\/|\/api\/webhooks\/|\/bot\d+:|^https?:\/\/[^/?#]*@|[?&](?:[\w-]*(?:token|key|secret|password|sig)[\w-]*)=/i.test(url);
}

const CHAT = 'the id or @name of a chat, in quotes';
const discord = keys(
  {
    webhook_url_env: variable('the address of the webhook').describe('The variable with the address of the webhook.'),
    username: text.optional().describe('The name under which it speaks. Default: that of the webhook.'),
  },
  'a map such as {webhook_url_env: DISCORD_WEBHOOK_URL}',
);
const telegram = keys(
  {
    chat: z
      .union([z.string({ error: CHAT }).regex(/^(?:-?\d{1,20}|@\w{3,64})$/, { error: CHAT }), z.int({ error: CHAT })], { error: CHAT })
      .describe('The chat to write to: its number or @name.'),
    bot_token_env: variable('the token of the bot').describe('The variable with the token of the bot.'),
    api_url: plainUrl.optional().describe('A server of your own that speaks the API. Default: https://api.telegram.org.'),
  },
  'a map such as {chat: "123", bot_token_env: TELEGRAM_BOT_TOKEN}',
);
const SLACK = 'a map with webhook_url_env, or with token_env and channel';
const slack = keys(
  {
    webhook_url_env: variable('the address of the webhook').optional().describe('The variable with the address of an incoming webhook.'),
    token_env: variable('the token').optional().describe('The variable with a token that may write; then channel says where.'),
    channel: text.optional().describe('The channel to write to, by its id or #name.'),
    api_url: plainUrl.optional().describe('A server of your own that speaks the API. Default: https://slack.com/api.'),
  },
  SLACK,
).refine(
  (given) => (given.token_env === undefined) !== (given.webhook_url_env === undefined) && (given.token_env === undefined) === (given.channel === undefined),
  {
    error: SLACK,
  },
);
const HEADERS = 'a map header: NAME_OF_A_VARIABLE';
const WEBHOOK = 'a map with url or url_env';
const webhook = keys(
  {
    url: plainUrl.optional().describe('Where to post, if the address is no secret.'),
    url_env: variable('the address').optional().describe('The variable with the address to post to.'),
    headers_env: z
      .record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/, { error: HEADERS }), envName, { error: HEADERS })
      .optional()
      .describe('Headers whose values stand in these variables, such as {Authorization: HOOK_AUTH}.'),
    allow_http: flag.optional().describe('true: also without encryption to other machines. Default: false.'),
  },
  WEBHOOK,
).refine((given) => (given.url === undefined) !== (given.url_env === undefined), { error: WEBHOOK });

const KINDS = `a list of ${NOTICE_KINDS.join(', ')}`;
const message = text.refine((given) => unknownWords(given).length === 0, { error: `text with no other words in braces than {${MESSAGE_WORDS.join('}, {')}}` });

const NOTIFY = 'a map such as {on: [failure], discord: {webhook_url_env: DISCORD_WEBHOOK_URL}}, or false for none';
const notifyMap = keys(
  {
    on: list(choice(NOTICE_KINDS), KINDS).optional().describe('What to tell of. Default: [failure, recovery].'),
    message: message.optional().describe('The words. Default: "{task} {status}: {summary} ({run_id})".'),
    discord: discord.optional().describe('A webhook of a Discord channel.'),
    telegram: telegram.optional().describe('A Telegram bot.'),
    slack: slack.optional().describe('A webhook of Slack, or a token.'),
    webhook: webhook.optional().describe('Any server: it gets the notice as JSON.'),
  },
  NOTIFY,
);
export const notify = z.union([z.literal(false, { error: NOTIFY }), notifyMap], { error: NOTIFY });

export type HooksFile = z.infer<typeof hooks>;
export type NotifyFile = z.infer<typeof notify>;

const byEnv = (instead: string) => ({
  message: 'a secret has no place in a file',
  hint: `Put it into an environment variable of the owner, and write the name of that under ${instead}.`,
});

/** Keys that hold a secret where ours hold the name of a variable. */
export const SECRETS_BY_ENV: NotYet = {
  'notify.discord.webhook_url': byEnv('webhook_url_env'),
  'notify.telegram.bot_token': byEnv('bot_token_env'),
  'notify.slack.webhook_url': byEnv('webhook_url_env'),
  'notify.slack.token': byEnv('token_env'),
  'notify.webhook.headers': byEnv('headers_env, header by header'),
};
