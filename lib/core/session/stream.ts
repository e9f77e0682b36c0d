import { parseJson } from '../text/json-text.ts';

/**
 * What a session's stdout says, read loosely: by key, whatever the version, the order or the format (`stream-json` is one
 * event a line, `json` the result alone or an array of all events). What is no JSON is kept as prose.
 */
export type Fields = Readonly<Record<string, unknown>>;

/** Something claude complained of: as an event, as a message in the model's place, or as its result. */
export interface Trouble {
  /** `authentication_failed`, `rate_limit`, … */
  readonly name: string | undefined;
  readonly status: number | undefined;
  /** The API's own word: `overloaded_error`, … */
  readonly type: string | undefined;
  readonly text: string;
  /** Said in the model's place: nothing better came after it. A try that failed may have been one of many. */
  readonly isAnswer: boolean;
}

export interface Session {
  /** The last result object. */
  readonly result: Fields | undefined;
  readonly id: string | undefined;
  readonly hasEvents: boolean;
  /** The last complaint. Forgotten as soon as the model is heard again, for then claude got over it; a tool's result proves nothing. */
  readonly trouble: Trouble | undefined;
  /** The last event by which a usage limit was refused, not merely neared. */
  readonly limit: Fields | undefined;
  /** Ids of the tools that the model called, and of those that it was denied. */
  readonly called: ReadonlySet<string>;
  readonly denied: ReadonlySet<string>;
  /** Nothing was cut off before the first line. */
  readonly isWhole: boolean;
  readonly prose: string;
}

type Draft = { -readonly [K in keyof Session]: Session[K] } & { readonly called: Set<string>; readonly denied: Set<string> };

export function readSession(stdout: string, isWhole: boolean): Session {
  const draft: Draft = {
    ...{ result: undefined, id: undefined, hasEvents: false, trouble: undefined, limit: undefined },
    ...{ called: new Set<string>(), denied: new Set<string>(), isWhole, prose: '' },
  };
  const prose: string[] = [];
  for (const line of stdout.split('\n')) {
    const events = parseEvents(line);
    if (events === undefined) prose.push(line);
    else for (const event of events) see(draft, event);
  }
  // Without a first line that is whole, half a line of JSON would be shown as words.
  return { ...draft, prose: (isWhole ? prose : prose.slice(1)).filter((line) => line.trim() !== '' && !/^\s*[{[]/.test(line)).join('\n') };
}

export function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

export const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
export const numberOf = (value: unknown): number | undefined => (typeof value === 'number' && Number.isFinite(value) ? value : undefined);
export const listOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value : []).map(fieldsOf).filter((one) => one !== undefined);

/** undefined: the line is no JSON. */
export function parseEvents(line: string): readonly Fields[] | undefined {
  const first = line.trimStart()[0];
  if (first !== '{' && first !== '[') return undefined;
  const value = parseJson(line);
  return value === undefined ? undefined : listOf(Array.isArray(value) ? value : [value]);
}

function see(draft: Draft, event: Fields): void {
  const { type } = event;
  if (typeof type !== 'string') return;
  draft.hasEvents = true;
  draft.id = sessionIdOf(event) ?? draft.id;
  if (type === 'result') draft.result = event;
  else if (type === 'system') seeSystem(draft, event);
  else if (type === 'rate_limit_event') seeLimit(draft, event);
  else if (type === 'assistant') seeAssistant(draft, event);
}

/** It is shown as an argument of a command, so it is nothing but an id. */
export function sessionIdOf({ session_id: id }: Fields): string | undefined {
  return typeof id === 'string' && /^[0-9A-Za-z][0-9A-Za-z-]{7,63}$/.test(id) ? id : undefined;
}

function seeSystem(draft: Draft, event: Fields): void {
  if (event.subtype === 'api_retry') {
    const [status, text] = [numberOf(event.error_status), textOf(event.message) ?? ''];
    draft.trouble = { name: textOf(event.error), status, type: textOf(event.error_type), text, isAnswer: false };
  } else if (event.subtype === 'permission_denied' && typeof event.tool_use_id === 'string') {
    draft.denied.add(event.tool_use_id);
  }
}

/** Rejected is who is turned away: by the limit itself, or by that of the paid extra usage which began where the limit ended. */
function seeLimit(draft: Draft, event: Fields): void {
  const info = fieldsOf(event.rate_limit_info) ?? event;
  const isRejected = info.status === 'rejected' || (info.isUsingOverage === true && info.overageStatus === 'rejected');
  if (isRejected) draft.limit = info;
  else if (draft.limit?.rateLimitType === info.rateLimitType) draft.limit = undefined;
}

/** The model of messages that claude itself put in the model's place. */
export const SYNTHETIC = '<synthetic>';

function seeAssistant(draft: Draft, event: Fields): void {
  const message = fieldsOf(event.message) ?? {};
  const blocks = listOf(message.content);
  const isComplaint = event.is_api_error_message === true || typeof event.error === 'string';
  if (isComplaint || message.model === SYNTHETIC) {
    const text = blocks.map((block) => textOf(block.text) ?? '').join('\n');
    const status = numberOf(event.api_error_status);
    draft.trouble = { name: textOf(event.error) ?? (isComplaint ? 'unknown' : undefined), status, type: textOf(event.api_error_type), text, isAnswer: true };
    return;
  }
  getOverIt(draft);
  for (const block of blocks) if (block.type === 'tool_use' && typeof block.id === 'string') draft.called.add(block.id);
}

function getOverIt(draft: Draft): void {
  draft.trouble = undefined;
  draft.limit = undefined;
}

/** What a result that is an error complains of. */
export function troubleOf(result: Fields): Trouble {
  return {
    name: textOf(result.api_error),
    status: numberOf(result.api_error_status),
    type: textOf(result.api_error_type),
    text: wordsOf(result),
    isAnswer: true,
  };
}

/** The answer, or what stands in its place. */
export function wordsOf(result: Fields): string {
  const errors = (Array.isArray(result.errors) ? result.errors : []).filter((error) => typeof error === 'string').join('\n');
  const structured = result.structured_output === undefined ? undefined : JSON.stringify(result.structured_output);
  return textOf(result.result) ?? (errors === '' ? (structured ?? '') : errors);
}

export function denialsOf(result: Fields): readonly Fields[] {
  return listOf(result.permission_denials);
}

export function turnsOf(result: Fields | undefined): number | undefined {
  const turns = numberOf(result?.num_turns);
  return turns !== undefined && Number.isSafeInteger(turns) && turns >= 0 ? turns : undefined;
}
