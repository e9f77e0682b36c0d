import type { RunRecord } from '../run.ts';
import type { Level } from '../slot/lateness.ts';
import { toVisible, truncate } from '../text/excerpt.ts';
import { formatDuration } from '../time/duration.ts';
import type { NoticeKind } from './follow-up.ts';
import { statusWord } from './following.ts';
import { type Sink, sinkId } from './sink.ts';

/**
 * A message to one sink: one whole file in the outbox, named by its key, until it is delivered or given up. It is
 * complete in itself, so that it is sent though its cadence has been edited or removed meanwhile. It holds no secret:
 * sinks name theirs, and the words have been through redaction before they are written.
 */
export interface Notice {
  readonly format: 1;
  readonly key: string;
  readonly kind: NoticeKind | OwnKind;
  readonly sink: Sink;
  readonly run_id: string;
  readonly cadence: string;
  readonly status: string;
  readonly text: string;
  readonly created_at: string;
  readonly attempts: number;
  readonly error: string | null;
  /** What it is about, in a few words; absent: its cadence. */
  readonly title?: string;
  readonly level?: Level;
  /** Notices of one incident stand in one thread, where the sink has threads. */
  readonly incident_id?: string;
  /** The run that started a command for it, so that whoever comes after a death goes on with that and starts no other. */
  readonly sending?: string;
  /** What a program at the other end may want to know. */
  readonly facts: Readonly<Record<string, string | number | null>>;
}

/** What nobody asks for by name: an open incident called to mind, many failures in one, what was kept from people, what the watchman found. */
export const OWN_KINDS = ['reminder', 'summary', 'digest', 'answer', 'test', 'heartbeat'] as const;
export type OwnKind = (typeof OWN_KINDS)[number];

/** How a notice ended: one line of `outbox/delivered/<day>.jsonl`. */
export interface Delivery {
  readonly ts: string;
  readonly key: string;
  readonly sink: string;
  readonly run_id: string;
  readonly cadence: string;
  readonly ok: boolean;
  readonly status: 'delivered' | 'dead';
  readonly attempts: number;
  readonly error?: string;
}

/** After this long nobody is helped by it any more. */
export const NOTICE_LIVES_MS = 24 * 3_600_000;

export function noticeKey(runId: string, kind: Notice['kind'], sink: Sink): string {
  return `${runId}.${kind}.${sinkId(sink)}`;
}

/** The words that a template may name. `task` is what the cadence is called elsewhere. */
export const MESSAGE_WORDS = [
  'task',
  'cadence',
  'status',
  'kind',
  'summary',
  'reason',
  'run_id',
  'attempt',
  'exit_code',
  'duration',
  'log_path',
  'host',
] as const;
type MessageWord = (typeof MESSAGE_WORDS)[number];

const PLACE = /\{([a-z_]+)\}/g;
const MAX_WORDS = 2_000;

/** Words in braces that no template knows. */
export function unknownWords(template: string): readonly string[] {
  return [...template.matchAll(PLACE)].map(([, word]) => word as string).filter((word) => !isWord(word));
}

function isWord(word: string): word is MessageWord {
  return (MESSAGE_WORDS as readonly string[]).includes(word);
}

/** What stands in a run is put in as it is: a brace in it is a brace, and no word of a template. */
export function renderMessage(template: string, run: RunRecord, kind: Notice['kind'], host: string): string {
  const words: Readonly<Record<MessageWord, string>> = {
    task: run.cadence,
    cadence: run.cadence,
    status: kind === 'recovery' ? 'recovered' : kind === 'start' ? 'started' : statusWord(run.status),
    kind,
    summary: summaryOf(run) || (kind === 'start' ? 'it has begun' : 'it ended well'),
    reason: run.reason,
    run_id: run.run_id,
    attempt: String(run.attempt),
    exit_code: run.exit_code === null ? '' : String(run.exit_code),
    duration: formatDuration(run.duration_ms),
    log_path: run.stderr_path ?? run.stdout_path ?? '',
    host,
  };
  return plainText(template.replace(PLACE, (whole, word: string) => (isWord(word) ? words[word] : whole)));
}

/** What it came to, in a few words, whichever way it ended. */
export function summaryOf(run: Pick<RunRecord, 'summary' | 'reason'>): string {
  return run.summary === '' ? run.reason : run.summary;
}

/** Nothing that a terminal, a chat or a log would obey; lines stay lines. */
function plainText(text: string): string {
  return truncate(
    text
      .split(/\r\n|\r|\n/)
      .map((line) => toVisible(line))
      .join('\n'),
    MAX_WORDS,
  );
}

export function factsOf(run: RunRecord): Notice['facts'] {
  return {
    attempt: run.attempt,
    exit_code: run.exit_code,
    duration_ms: run.duration_ms,
    started_at: run.started_at,
    ended_at: run.ended_at,
    summary: toVisible(run.summary),
    reason: toVisible(run.reason),
    log_path: run.stderr_path ?? run.stdout_path,
  };
}
