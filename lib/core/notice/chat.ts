import { type Incident, isOpen } from '../incident/incident.ts';
import { parseRunId } from '../tick.ts';
import { formatDuration } from '../time/duration.ts';
import type { Ms } from '../time/instant.ts';

/**
 * What an answer in the thread of an incident orders. Only a message that is an order and nothing else is one: people talk
 * in these threads, too.
 *
 *     pause · resume · abort · approve · ignore · set NAME VALUE · comment: …
 */
export type ChatOrder =
  | { readonly word: 'pause' | 'resume' | 'abort' | 'approve' | 'ignore' }
  | { readonly word: 'set'; readonly name: string; readonly value: string }
  | { readonly word: 'comment'; readonly text: string };

/** One message of somebody's, as a chat tells it. */
export interface Reply {
  /** Unique within its sink. */
  readonly id: string;
  readonly sender: string;
  readonly text: string;
  readonly incident_id: string;
  /** When it was said, by the clock of the chat; undefined: it does not tell. */
  readonly said_ms?: Ms | undefined;
  /** The sink whose thread it is in, where it came with what was said to another one. */
  readonly sink?: string;
}

const MOST_CHARACTERS = 2_000;

/** undefined: it is no order. */
export function parseChatOrder(said: string): ChatOrder | undefined {
  const text = said.trim();
  if (text === '' || text.length > MOST_CHARACTERS) return undefined;
  const comment = /^comment:\s*([\s\S]+)$/i.exec(text)?.[1];
  if (comment !== undefined) return { word: 'comment', text: comment.trim() };
  const set = /^set\s+([A-Za-z_][A-Za-z0-9_]{0,63})\s+([^\r\n]{1,500})$/i.exec(text);
  if (set !== null) return { word: 'set', name: set[1] as string, value: (set[2] as string).trim() };
  const word = /^(pause|resume|abort|approve|ignore)[.!]?$/i.exec(text)?.[1]?.toLowerCase();
  return word === undefined ? undefined : { word: word as Extract<ChatOrder, { word: 'pause' }>['word'] };
}

const ABORT_HOLDS_MS: Ms = 3_600_000;
const ORDER_HOLDS_MS: Ms = 24 * 3_600_000;

/**
 * Chats keep what was said while nobody read them, over a weekend without an owner and for weeks where no incident was
 * open. What made sense then may stop, start or spend now what nobody meant. A comment is a comment whenever it is read,
 * and what asks for quiet is right as long as its incident is open. A text: why it is not obeyed.
 */
export function tooOld(order: ChatOrder, incident: Incident, saidMs: Ms | undefined, nowMs: Ms): string | undefined {
  const ageMs = saidMs === undefined ? 0 : nowMs - saidMs;
  const asksForQuiet = order.word === 'pause' || order.word === 'ignore';
  if (order.word === 'comment' || (asksForQuiet && isOpen(incident))) return undefined;
  if (ageMs <= (order.word === 'abort' ? ABORT_HOLDS_MS : ORDER_HOLDS_MS)) return undefined;
  return `"${order.word}" was said ${formatDuration(ageMs)} before it could be heard. Say it again if it is still meant.`;
}

/** The control tick's payload: the same that the command line sends. `message`: what tells it from every other. */
export function orderOf(order: ChatOrder, incident: Incident, by: string, message: string): Readonly<Record<string, unknown>> {
  const { id, cadence } = incident;
  switch (order.word) {
    case 'pause':
      return { order: 'pause', key: `cadence:${cadence}`, because: `paused by ${by}` };
    case 'resume':
      return { order: 'resume', key: `cadence:${cadence}` };
    case 'abort':
      // The tick that failed may be over, and the next one under way.
      return { order: 'abort', cadence, id: parseRunId(incident.run_ids.at(-1) ?? '')?.id };
    case 'approve':
    case 'ignore':
      return { order: 'incident', what: order.word, id };
    case 'set':
      return { order: 'respond', incident: id, action: 'restart_with_env', set: { [order.name]: order.value }, diagnosis: `set by ${by}`, by: 'human' };
    case 'comment':
      return { order: 'incident', what: 'comment', id, text: order.text, by, message };
  }
}

/** What is answered in the thread, so that whoever gave the order knows that it was heard. */
export function heardText(order: ChatOrder, { cadence }: Incident): string {
  switch (order.word) {
    case 'pause':
      return `Heard: ${cadence} is to be paused.`;
    case 'resume':
      return `Heard: ${cadence} is to go on.`;
    case 'abort':
      return `Heard: what ${cadence} runs is to be stopped.`;
    case 'approve':
      return `Heard: more may be tried for ${cadence}.`;
    case 'ignore':
      return 'Heard: nothing more is told of this for a while.';
    case 'set':
      return `Heard: ${cadence} is to be started again with ${order.name} set.`;
    case 'comment':
      return 'Heard: it stands with the incident.';
  }
}
