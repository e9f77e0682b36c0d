import * as z from 'zod';
import { keys, list } from './value.ts';

const ID = 'the id of a person in that chat, in quotes';
const IDS = 'a list of ids of people, in quotes';
const senders = list(z.union([z.string({ error: ID }).regex(/^[A-Za-z0-9]{1,40}$/, { error: ID }), z.int({ error: ID })], { error: ID }), IDS);

/** Who may give orders by an answer in the thread of an incident. Nobody else is heard. */
export const chatKey = keys(
  {
    slack: senders.optional().describe('Ids such as U012AB3CD; the sink needs token_env and the id of a channel.'),
    discord: senders.optional().describe('Ids such as "80351110224678912"; the sink needs bot_token_env.'),
    telegram: senders.optional().describe('Ids such as "123456789".'),
  },
  'a map such as {slack: [U012AB3CD]}',
)
  .optional()
  .describe('Who may give orders from a chat: pause, resume, abort, approve, ignore, set NAME VALUE, comment: …. Default: nobody.');
