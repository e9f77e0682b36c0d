import * as z from 'zod';
import { parseDuration } from '../core/time/duration.ts';
import { parseSize } from './size.ts';

/**
 * The values that keys take. The error text of a schema is the phrase that follows "expected": one phrase per kind of
 * value, whatever is wrong with it, so that every message says what is allowed.
 */
const DURATION = 'a duration with a unit, such as 90s, 5m or 1h30m';
const NO_DURATION = `${DURATION}, or 0 for none`;
const SIZE = 'a size with a unit, such as 64KB, 256MB or 2GB';
const ENV_NAME = 'the name of an environment variable (letters, digits and _)';
const WORD = 'a word; put it in quotes';
const PATH = 'a path: absolute, from ~/, or relative to the agent root';

/** For editors, which know the JSON Schema only. The reader's own rule stands beside each. */
const AMOUNT = '[0-9]+([.][0-9]+)?';
const DURATION_PATTERN = `^ *(${AMOUNT} *(ms|s|m|h|d|w) *)+$`;
const SIZE_PATTERN = `^ *${AMOUNT} ?([bB]|[kKmMgGtT]([iI]?[bB])?) *$`;
const MORE_THAN_NOTHING = '(?=.*[1-9])';

const isText = (text: string) => !text.includes('\0');

export const text = z.string({ error: 'text' }).refine(isText, { error: 'text without a NUL character' });
export const flag = z.boolean({ error: 'true or false' });
export const path = z
  .string({ error: PATH })
  .refine((given) => given.trim() !== '' && isText(given), { error: PATH })
  .refine((given) => !/^~[^/]/.test(given), { error: 'a path; another user’s home (~name) is not looked up' });

/** A duration, or 0 for none. */
export const optionalDuration = z.union(
  [
    z.literal(0),
    z
      .string({ error: NO_DURATION })
      .refine((given) => parseDuration(given) !== undefined, { error: NO_DURATION })
      .meta({ pattern: `${DURATION_PATTERN}|^ *0 *$` }),
  ],
  {
    error: NO_DURATION,
  },
);

/** A duration longer than nothing. */
export const duration = z
  .string({ error: DURATION })
  .refine((given) => (parseDuration(given) ?? 0) > 0, { error: DURATION })
  .meta({ pattern: MORE_THAN_NOTHING + DURATION_PATTERN });

export const size = z
  .string({ error: SIZE })
  .refine((given) => (parseSize(given) ?? 0) > 0, { error: SIZE })
  .meta({ pattern: MORE_THAN_NOTHING + SIZE_PATTERN });

/** A word of a command: numbers and booleans arrive as they were written. */
export const word = z.union(
  [z.string({ error: WORD }).refine(isText, { error: 'a word without a NUL character' }), z.number({ error: WORD }), z.boolean({ error: WORD })],
  { error: WORD },
);

export const envName = z.string({ error: ENV_NAME }).regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: ENV_NAME });
const envMap = z.record(envName, word, { error: (issue) => (issue.code === 'invalid_key' ? ENV_NAME : 'a map NAME: value') });
const ENV = 'a list of names, a map NAME: value, or a list of both';
const ENV_ITEM = 'a name, or NAME: value';

/** Names are passed through from the owner's environment, values are given. */
export const env = z.union([z.array(z.union([envName, envMap], { error: ENV_ITEM }), { error: ENV }), envMap], { error: ENV });

export function count(least: number, most: number = Number.MAX_SAFE_INTEGER): z.ZodInt {
  const error = most === Number.MAX_SAFE_INTEGER ? `a whole number from ${least} on` : `a whole number from ${least} to ${most}`;
  return z.int({ error }).min(least, { error }).max(most, { error });
}

export function choice<const T extends readonly [string, ...string[]]>(words: T): z.ZodEnum<{ [K in T[number]]: K }> {
  return z.enum(words, { error: `one of ${words.join(', ')}` });
}

export function list<T extends z.ZodType>(item: T, what: string, least = 0): z.ZodArray<T> {
  return z.array(item, { error: what }).min(least, { error: what });
}

/** A map with these keys and no others. For an unknown key the error text is the list of those known. */
export function keys<T extends z.ZodRawShape>(shape: T, what: string): z.ZodObject<T, z.core.$strict> {
  return z.strictObject(shape, { error: (issue) => (issue.code === 'unrecognized_keys' ? Object.keys(shape).join(' ') : what) });
}
