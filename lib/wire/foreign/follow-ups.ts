import { HOOKS, NOTICE_WORDS } from '../../core/notice/follow-up.ts';
import { unknownWords } from '../../core/notice/notice.ts';
import { type Fields, fieldsOf, type Loss, leftOver, listOf, said, textOf } from './foreign-task.ts';

/** What follows the end of a task there, in our keys. */
export interface ForeignFollowUps {
  readonly keys: Fields;
  readonly lost: readonly Loss[];
}

export const FOLLOW_UP_KEYS: readonly string[] = [...HOOKS, 'notify'];

/** docket's hooks are lines for a shell, as ours; its notices go to Discord and Telegram. */
export function readFollowUps(task: Fields): ForeignFollowUps {
  const hooks = HOOKS.map((name) => [name, linesOf(task[name])] as const);
  const notify = task.notify === undefined || task.notify === null ? undefined : readNotify(fieldsOf(task.notify));
  return {
    keys: said({ ...Object.fromEntries(hooks), notify: notify?.keys }),
    lost: [
      ...hooks.flatMap(([name, lines]) => (lines === undefined && Object.hasOwn(task, name) ? [{ key: name, because: 'it is no line for a shell' }] : [])),
      ...(notify?.lost ?? []),
    ],
  };
}

function linesOf(value: unknown): string | readonly string[] | undefined {
  const lines = listOf(value).filter((line) => line.trim() !== '');
  return lines.length > 1 ? lines : lines[0];
}

const SECRET = 'a secret has no place in a file; name the variable that holds it by hand';

function readNotify(given: Fields): { readonly keys: Fields | undefined; readonly lost: readonly Loss[] } {
  const on = listOf(given.on).filter((kind) => (NOTICE_WORDS as readonly string[]).includes(kind));
  const message = textOf(given.message);
  const isKnown = message !== undefined && unknownWords(message).length === 0;
  const [discord, telegram] = [fieldsOf(given.discord), fieldsOf(given.telegram)];
  const webhook = textOf(discord.webhook_url_env);
  const [chat, token] = [listOf(telegram.chat)[0], textOf(telegram.bot_token_env)];
  const keys = said({
    // Nothing said is failures alone there.
    on: on.length === 0 ? ['failure'] : on,
    message: isKnown ? message : undefined,
    discord: webhook === undefined ? undefined : said({ webhook_url_env: webhook, username: textOf(discord.username) }),
    telegram: chat === undefined || token === undefined ? undefined : { chat, bot_token_env: token },
  });
  const left = (map: Fields, name: string, taken: readonly string[]): readonly Loss[] =>
    leftOver(map, taken, () => SECRET).map(({ key, because }) => ({ key: `notify.${name}.${key}`, because }));
  return {
    keys,
    lost: [
      ...leftOver(given, ['on', 'message', 'discord', 'telegram'], () => 'there is no such key here').map(({ key, because }) => ({
        key: `notify.${key}`,
        because,
      })),
      ...(message === undefined || isKnown ? [] : [{ key: 'notify.message', because: 'it holds a word in braces that is not known here' }]),
      ...left(discord, 'discord', ['webhook_url_env', 'username']),
      ...left(telegram, 'telegram', ['chat', 'bot_token_env']),
    ],
  };
}
