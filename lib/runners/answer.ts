import type { Outcome } from '../core/outcome.ts';
import { toVisible, truncate } from '../core/text/excerpt.ts';
import { parseDuration } from '../core/time/duration.ts';

const KINDS = ['ok', 'skip', 'defer', 'fail', 'give_up'] as const;
type Kind = (typeof KINDS)[number];
const SUMMARY_WIDTH = 200;
const REASON_WIDTH = 1000;

/** What a handler answered, which may be anything at all. */
export function judgeAnswer(answer: unknown): Outcome {
  if (answer === undefined) return { kind: 'ok', summary: '' };
  if (typeof answer === 'string') return { kind: 'ok', summary: truncate(toVisible(answer), SUMMARY_WIDTH) };
  try {
    return typeof answer === 'object' && answer !== null ? judgeObject(answer as Record<string, unknown>) : refuse(answer);
  } catch {
    // Its properties are code of the handler's too: a getter or a proxy may throw whatever it likes.
    return failed('its handler answered with an object that cannot be read');
  }
}

/** Its result, as JSON keeps it. Throws what the answer's own code throws, and where it is no JSON. */
export function resultIn(answer: unknown): { readonly value: unknown } | undefined {
  if (typeof answer !== 'object' || answer === null || !('result' in answer)) return undefined;
  const json = JSON.stringify(answer.result);
  return json === undefined ? undefined : { value: JSON.parse(json) };
}

function judgeObject(answer: Readonly<Record<string, unknown>>): Outcome {
  const kind = KINDS.find((known) => known === answer.kind);
  const wrong = (['summary', 'reason', 'delay'] as const).find((key) => answer[key] !== undefined && typeof answer[key] !== 'string');
  if (kind === undefined) return refuse(answer);
  if (wrong !== undefined) return failed(`its handler answered "${kind}" with a ${wrong} that is no text`);
  return judgeKind(kind, answer as { summary?: string; reason?: string; delay?: string });
}

function judgeKind(kind: Kind, { summary, reason, delay }: { summary?: string; reason?: string; delay?: string }): Outcome {
  const words = (otherwise: string): string => truncate(toVisible(reason ?? summary ?? otherwise), REASON_WIDTH);
  switch (kind) {
    case 'ok':
      return { kind, summary: truncate(toVisible(summary ?? reason ?? ''), SUMMARY_WIDTH) };
    case 'skip':
      return { kind, reason: words('its handler found nothing to do') };
    case 'defer': {
      const delayMs = delay === undefined ? undefined : parseDuration(delay);
      if (delay !== undefined && delayMs === undefined)
        return failed(`its handler answered "defer" with the delay "${truncate(delay, 40)}", which is no duration like 10m`);
      return { kind, delayMs, reason: words('its handler asked to be tried later') };
    }
    case 'fail':
    case 'give_up':
      return { kind, blame: 'cadence', reason: words(`its handler answered "${kind}" and gave no reason`) };
  }
}

function refuse(answer: unknown): Outcome {
  const seen = typeof answer === 'object' ? (JSON.stringify(answer) ?? 'an object') : String(answer);
  return failed(`its handler answered ${truncate(toVisible(seen), 100)}; it may answer nothing, a text, or { kind: ${KINDS.join(' | ')} }`);
}

export function failed(reason: string): Outcome {
  return { kind: 'fail', blame: 'cadence', reason };
}

const FRAME = /(?:file:\/\/)?(\/[^\s():?]+)(?:\?[^\s():]*)?:(\d+)(?::(\d+))?/;

/** The message, and the first place in the user's own code. */
export function describeThrow(thrown: unknown): string {
  if (!(thrown instanceof Error)) return `threw ${truncate(toVisible(textOf(thrown)), 200)}`;
  const lines = String(thrown.stack ?? '').split('\n');
  const place = lines.map((line) => (/node:|\/node_modules\//.test(line) ? null : FRAME.exec(line))).find((found) => found !== null);
  const message = truncate(toVisible(thrown.message === '' ? thrown.name : thrown.message), REASON_WIDTH);
  return place === undefined || place === null ? message : `${message} (${[decodeURI(place[1] as string), place[2], place[3]].filter(Boolean).join(':')})`;
}

function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? Object.prototype.toString.call(value) : String(value);
}
