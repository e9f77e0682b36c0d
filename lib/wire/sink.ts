import * as z from 'zod';
import type { NotYet } from './explain.ts';
import { envName, flag, keys, list, text, word } from './value.ts';

/** Whom to tell: one map a kind of sink, as it stands under `notify:`. Secrets are named by the variable that holds them. */
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

const SNOWFLAKE = 'the id of a channel, in quotes';
const DISCORD = 'a map with webhook_url_env, or with bot_token_env and channel';
const discord = keys(
  {
    webhook_url_env: variable('the address of the webhook').optional().describe('The variable with the address of the webhook.'),
    username: text.optional().describe('The name under which the webhook speaks. Default: that of the webhook.'),
    bot_token_env: variable('the token of the bot').optional().describe('The variable with the token of a bot; then channel says where.'),
    channel: z
      .string({ error: SNOWFLAKE })
      .regex(/^\d{1,20}$/, { error: SNOWFLAKE })
      .optional()
      .describe('The id of the channel that the bot writes to.'),
    api_url: plainUrl.optional().describe('A server of your own that speaks the API. Default: https://discord.com/api/v10.'),
  },
  DISCORD,
).refine(
  (given) =>
    (given.bot_token_env === undefined) !== (given.webhook_url_env === undefined) && (given.bot_token_env === undefined) === (given.channel === undefined),
  { error: DISCORD },
);

const CHAT = 'the id or @name of a chat, in quotes';
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
    channel: text.optional().describe('The channel to write to, by its id or #name; answers are read only where it is an id.'),
    api_url: plainUrl.optional().describe('A server of your own that speaks the API. Default: https://slack.com/api.'),
  },
  SLACK,
).refine(
  (given) => (given.token_env === undefined) !== (given.webhook_url_env === undefined) && (given.token_env === undefined) === (given.channel === undefined),
  { error: SLACK },
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
    allow_link_local: flag.optional().describe('true: also to link-local addresses, where cloud machines are told their keys. Default: false.'),
  },
  WEBHOOK,
).refine((given) => (given.url === undefined) !== (given.url_env === undefined), { error: WEBHOOK });

const TOPIC = 'the name of a topic (letters, digits, - and _)';
const NTFY = 'a map with topic or topic_env';
const ntfy = keys(
  {
    topic: z
      .string({ error: TOPIC })
      .regex(/^[-_A-Za-z0-9]{1,64}$/, { error: TOPIC })
      .optional()
      .describe('The topic, where anybody may know it.'),
    topic_env: variable('the topic').optional().describe('The variable with the topic; who knows a topic may read it.'),
    server: plainUrl.optional().describe('A server of your own. Default: https://ntfy.sh.'),
    token_env: variable('the access token').optional().describe('The variable with an access token (tk_…).'),
  },
  NTFY,
).refine((given) => (given.topic === undefined) !== (given.topic_env === undefined), { error: NTFY });

const ADDRESS = 'an address such as me@example.com';
const address = z
  .string({ error: ADDRESS })
  .regex(/^[A-Za-z0-9._%+][A-Za-z0-9._%+-]{0,63}(?:@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?)?$/, { error: ADDRESS });
const email = keys(
  {
    to: list(address, 'a list of addresses', 1).describe('Whom to write to, through sendmail of this machine.'),
    from: address.optional().describe('Who writes. Default: what sendmail says of the user.'),
  },
  'a map such as {to: [me@example.com]}',
);

const SHELL = 'a line for /bin/sh, or a map such as {command: [./tell.sh], env: [TOKEN]}';
const shell = z.union(
  [
    z.string({ error: SHELL }).refine((given) => given.trim() !== '' && !given.includes('\0'), { error: SHELL }),
    keys(
      {
        command: list(word, 'a list of words', 1).describe('The program and its arguments.'),
        env: list(envName, 'a list of names').optional().describe('Variables of the owner that it sees besides the usual ones.'),
      },
      SHELL,
    ),
  ],
  { error: SHELL },
);

const LOG = 'true or false';
const MACOS = 'true, false, or a map such as {buttons: false}';
export const sinkKeys = {
  log: z.boolean({ error: LOG }).optional().describe('The log of the bus. Default: true where no other sink is named.'),
  macos: z
    .union([z.boolean({ error: MACOS }), keys({ buttons: flag.optional().describe('Run and Ignore, where the helper can. Default: true.') }, MACOS)], {
      error: MACOS,
    })
    .optional()
    .describe('A notification on this Mac.'),
  discord: discord.optional().describe('A webhook of a Discord channel, or a bot.'),
  telegram: telegram.optional().describe('A Telegram bot.'),
  slack: slack.optional().describe('A webhook of Slack, or a token.'),
  webhook: webhook.optional().describe('Any server: it gets the notice as JSON.'),
  ntfy: ntfy.optional().describe('A topic of ntfy.sh or of a server of your own.'),
  email: email.optional().describe('Mail, through sendmail of this machine.'),
  shell: shell.optional().describe('A command that is told by CADENCE_* and DOCKET_* variables, the notice on its stdin.'),
};
const sinksFile = keys(sinkKeys, 'a map of sinks');
export type SinksFile = z.infer<typeof sinksFile>;

const byEnv = (instead: string) => ({
  message: 'a secret has no place in a file',
  hint: `Put it into an environment variable of the owner, and write the name of that under ${instead}.`,
});

/** Keys that hold a secret where ours hold the name of a variable. */
export const SECRETS_BY_ENV: NotYet = {
  'notify.discord.webhook_url': byEnv('webhook_url_env'),
  'notify.discord.bot_token': byEnv('bot_token_env'),
  'notify.telegram.bot_token': byEnv('bot_token_env'),
  'notify.slack.webhook_url': byEnv('webhook_url_env'),
  'notify.slack.token': byEnv('token_env'),
  'notify.webhook.headers': byEnv('headers_env, header by header'),
  'notify.ntfy.token': byEnv('token_env'),
};
