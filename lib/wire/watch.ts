import * as z from 'zod';
import { parseDuration } from '../core/time/duration.ts';
import { usd } from './budget.ts';
import type { NotYet } from './explain.ts';
import { envName, flag, keys, optionalDuration } from './value.ts';

/** The keys of `bus.yaml` about the watchman. */
const ROUND = 'a duration from 1m on, such as 60m';
const LEAST_ROUND_MS = 60_000;
const PING = 'an https address such as https://hc-ping.com/<uuid>, or one of this machine';
const HEARTBEAT = 'a map such as {interval: 60m, ping_url: https://hc-ping.com/<uuid>}';

export const heartbeatKey = keys(
  {
    enabled: flag.optional().describe('false: install sets up no timer for the watchman, and nobody warns that he does not come. Default: true.'),
    interval: z
      .string({ error: ROUND })
      .refine((given) => (parseDuration(given) ?? 0) >= LEAST_ROUND_MS, { error: ROUND })
      .optional()
      .describe('How often the watchman comes by himself, by a timer of launchd or systemd. Default: 60m.'),
    wake_delay: optionalDuration
      .optional()
      .describe('How long things have to come right, after a repair or when the machine has just woken, before anybody is told. Default: 30s.'),
    ping_url: z
      .string({ error: PING })
      .refine(isPingable, { error: PING })
      .optional()
      .describe(
        'An address of healthchecks.io or its like, which is told of each round (/start, success, /fail), so that the end of this machine is noticed elsewhere.',
      ),
    ping_url_env: envName.optional().describe('The environment variable with that address, where it is not to stand in a file.'),
  },
  HEARTBEAT,
).refine((given) => given.ping_url === undefined || given.ping_url_env === undefined, { error: `${HEARTBEAT}; ping_url or ping_url_env, not both` });

export const selfDiagnosisKey = keys(
  {
    enabled: flag.optional().describe('true: claude looks, reads and says what is wrong where a repair of the watchman did not help. Default: false.'),
    max_usd: usd.optional().describe('The most that one such look may cost, in US dollars. Default: 1.00.'),
  },
  'a map such as {enabled: true, max_usd: 1.00}',
);

export type HeartbeatFile = z.infer<typeof heartbeatKey>;
export type SelfDiagnosisFile = z.infer<typeof selfDiagnosisKey>;

/** What others call these keys. */
export const WATCH_ELSEWHERE: NotYet = {
  ping_url: { message: 'it belongs to the watchman', hint: 'Write heartbeat: {ping_url: …}.' },
  'heartbeat.interval_minutes': { message: 'durations have their unit here', hint: 'Write interval: 60m.' },
  'heartbeat.wake_delay_seconds': { message: 'durations have their unit here', hint: 'Write wake_delay: 30s.' },
  self_diagnosis_max_budget_usd: { message: 'it is a map here', hint: 'Write self_diagnosis: {max_usd: 1.00}.' },
};

function isPingable(given: string): boolean {
  if (!URL.canParse(given)) return false;
  const { protocol, hostname, username, password, hash } = new URL(given);
  if (username !== '' || password !== '' || hash !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && /^(?:localhost|\[::1\]|127(?:\.\d{1,3}){3})$/.test(hostname));
}
