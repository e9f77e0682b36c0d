import * as z from 'zod';
import { envName, keys, list, word } from './value.ts';

const NAME = 'the name of an account (a-z, 0-9 and -)';
const ACCOUNTS = 'a map account: {probe: [command, …]}';
const accountName = z.string({ error: NAME }).regex(/^[a-z0-9][a-z0-9-]{0,48}[a-z0-9]$/, { error: NAME });

/** Accounts need no entry: a cadence names its own, and that of claude is asked `claude auth status`. */
export const accountsKey = z
  .record(
    accountName,
    keys(
      {
        probe: list(word, 'a list of words, such as [gh, auth, status]', 1).describe('A free question: exit 0 means that the account can be used.'),
        env: list(envName, 'a list of names of environment variables').optional().describe('Variables of the owner that the question is handed.'),
      },
      'a map such as {probe: [gh, auth, status]}',
    ),
    { error: (issue) => (issue.code === 'invalid_key' ? NAME : ACCOUNTS) },
  )
  .optional()
  .describe('How to ask an account whether it can be used, before a run is risked on it. Default: claude auth status.');
