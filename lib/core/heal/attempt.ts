import { toVisible, truncate } from '../text/excerpt.ts';
import { parseIso } from '../time/instant.ts';

/**
 * The ledger of what was tried: `attempts.tsv`, one row a line, only ever appended to. The first two columns are the
 * identity of an attempt; when its status changes another row is appended, and the last row of an attempt is what holds.
 */
export interface Attempt {
  /** When it began, ISO. */
  readonly timestamp: string;
  readonly incident_id: string;
  readonly detector: string;
  /** `rule:restart`, `rule:command`, `agent`, `session`, `human`. */
  readonly source: string;
  /** Where its changes lie in version control; empty: nowhere. */
  readonly branch: string;
  readonly status: AttemptStatus;
  /** Seconds of work: 0 for a rule. */
  readonly duration: number;
  readonly description: string;
}

/**
 * `pending`: no proof yet. `kept`: proven. `recurred`: it was kept, and the same failure came back within 7 days.
 * `regressed`: the same failure came back before the proof, and it was undone. `crashed`: it came to nothing.
 */
export const ATTEMPT_STATUSES = ['pending', 'kept', 'recurred', 'regressed', 'crashed'] as const;
export type AttemptStatus = (typeof ATTEMPT_STATUSES)[number];

const COLUMNS = ['timestamp', 'incident_id', 'detector', 'source', 'branch', 'status', 'duration', 'description'] as const;
export const ATTEMPTS_HEADER = `${COLUMNS.join('\t')}\n`;

const WIDTH = 300;

export function formatAttempt(attempt: Attempt): string {
  return `${COLUMNS.map((column) => cell(String(attempt[column]))).join('\t')}\n`;
}

/** A cell is one line without tabs, whatever it was. */
function cell(text: string): string {
  return truncate(toVisible(text.replace(/[\t\r\n]+/g, ' ')).trim(), WIDTH);
}

/** undefined: this is no row. The header is none. */
export function parseAttempt(line: string): Attempt | undefined {
  const cells = line.split('\t');
  if (cells.length !== COLUMNS.length) return undefined;
  const [timestamp, incident_id, detector, source, branch, word, seconds, description] = cells as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const status = ATTEMPT_STATUSES.find((known) => known === word);
  const duration = /^\d+(?:\.\d+)?$/.test(seconds) ? Number(seconds) : undefined;
  if (status === undefined || duration === undefined || parseIso(timestamp) === undefined || incident_id === '' || source === '') return undefined;
  return { timestamp, incident_id, detector, source, branch, status, duration, description };
}

export interface LedgerText {
  /** What holds of each attempt, in the order in which they began to be written. */
  readonly attempts: readonly Attempt[];
  /** Lines that are neither rows nor the header nor empty. */
  readonly broken: readonly string[];
}

export function readAttempts(text: string): LedgerText {
  const attempts = new Map<string, Attempt>();
  const broken: string[] = [];
  for (const line of text.split('\n')) {
    if (line === '' || `${line}\n` === ATTEMPTS_HEADER) continue;
    const attempt = parseAttempt(line);
    if (attempt === undefined) broken.push(line);
    else attempts.set(attemptKey(attempt), attempt);
  }
  return { attempts: [...attempts.values()], broken };
}

function attemptKey({ timestamp, incident_id }: Pick<Attempt, 'timestamp' | 'incident_id'>): string {
  return `${timestamp}\t${incident_id}`;
}
