import { describeJsonFault } from './text/json-place.ts';

/**
 * What a command prints, as data. `json`: all of stdout is one value. `jsonl`: every line is one object, an event in the
 * moment in which it is printed. `auto`: whichever of the two it turns out to be, else words; it never is a failure.
 */
export const OUTPUT_KINDS = ['text', 'json', 'jsonl', 'auto'] as const;
export type OutputKind = (typeof OUTPUT_KINDS)[number];

/** What was heard so far of a stdout that is read line by line. */
export interface Heard {
  readonly lines: number;
  readonly events: number;
  /** Lines that say something and are no event. */
  readonly others: number;
  readonly last: Readonly<Record<string, unknown>> | undefined;
  /** The first line that is no event, and where in it. */
  readonly wrong: string | undefined;
}

export const NOTHING_HEARD: Heard = { lines: 0, events: 0, others: 0, last: undefined, wrong: undefined };

/** A line of ours in the middle of a log that was cut. */
const OUR_MARK = '[cadence-bus] ';

const BEGINS_OBJECT = /^[ \t\r]*\{/;

/** `event` is absent where the line is none. */
export function hearLine(heard: Heard, text: string, isCut: boolean): { readonly heard: Heard; readonly event?: Readonly<Record<string, unknown>> } {
  const lines = heard.lines + 1;
  if (text.trim() === '' || text.startsWith(OUR_MARK)) return { heard: { ...heard, lines } };
  // Only the first fault is told, and to look for one costs seven times as much as to read an event.
  if (heard.wrong !== undefined && (isCut || !BEGINS_OBJECT.test(text))) return { heard: { ...heard, lines, others: heard.others + 1 } };
  const read = isCut ? { fault: ': it is too long to be an event' } : readObject(text);
  if ('fault' in read) return { heard: { ...heard, lines, others: heard.others + 1, wrong: heard.wrong ?? `line ${lines}${read.fault}` } };
  return { heard: { ...heard, lines, events: heard.events + 1, last: read.value }, event: read.value };
}

function readObject(text: string): { readonly value: Readonly<Record<string, unknown>> } | { readonly fault: string } {
  const read = readJson(text);
  if ('fault' in read) return { fault: `, ${read.fault}` };
  const { value } = read;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { value: value as Readonly<Record<string, unknown>> };
  return { fault: `: found ${text.trim().slice(0, 20)}, expected an object` };
}

function readJson(text: string): { readonly value: unknown } | { readonly fault: string } {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { fault: describeJsonFault(text) };
  }
}

export interface OutputVerdict {
  readonly result: { readonly value: unknown } | undefined;
  /** What is wrong with it, where data was promised. */
  readonly wrong: string | undefined;
}

const WORDS_ONLY: OutputVerdict = { result: undefined, wrong: undefined };

/** `stdout` is undefined where it is too long to be read as one value. */
export function judgeOutput(kind: OutputKind, heard: Heard, stdout: string | undefined): OutputVerdict {
  switch (kind) {
    case 'text':
      return WORDS_ONLY;
    case 'json':
      return judgeJson(stdout);
    case 'jsonl':
      return heard.wrong === undefined ? eventsOf(heard) : { ...eventsOf(heard), wrong: `its stdout is no JSON Lines, ${heard.wrong}` };
    case 'auto': {
      const { result } = judgeJson(stdout);
      if (typeof result?.value === 'object' && result.value !== null) return { result, wrong: undefined };
      return heard.events > 0 && heard.others === 0 ? eventsOf(heard) : WORDS_ONLY;
    }
  }
}

function eventsOf({ events, last }: Heard): OutputVerdict {
  return { result: { value: { event_count: events, last_event: last ?? null } }, wrong: undefined };
}

function judgeJson(stdout: string | undefined): OutputVerdict {
  if (stdout === undefined) return { result: undefined, wrong: 'its stdout is too long to be one JSON value' };
  if (stdout.trim() === '') return { result: undefined, wrong: 'its stdout is empty, and JSON was promised' };
  const read = readJson(stdout);
  return 'fault' in read ? { result: undefined, wrong: `its stdout is no JSON, ${read.fault}` } : { result: { value: read.value }, wrong: undefined };
}
