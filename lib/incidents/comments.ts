import { parseJson } from '../core/text/json-text.ts';
import type { Redact } from '../core/text/redaction.ts';
import type { Files } from '../ports.ts';

/** What somebody says of an incident. Names as in `comments.jsonl`. */
export interface Comment {
  readonly at: string;
  readonly by: string;
  readonly text: string;
  /** Of the chat message that it came in; the same message again is the same comment. */
  readonly message?: string;
}

export interface CommentsDeps {
  readonly files: Pick<Files, 'append' | 'read'>;
  readonly dirOf: (incidentId: string) => string;
  readonly redact: Redact;
}

const MAX_BYTES = 16 * 1024 * 1024;

/** One line each in `comments.jsonl` of the incident; on disk when it resolves. The order that brings one may be carried out twice. */
export function createComments({ files, dirOf, redact }: CommentsDeps): (id: string, comment: Comment) => Promise<void> {
  return async (id, comment) => {
    const path = `${dirOf(id)}/comments.jsonl`;
    if (comment.message !== undefined && isThere(files, path, comment.message)) return;
    const log = files.append(path);
    try {
      log.write(`${JSON.stringify({ ...comment, text: redact(comment.text) })}\n`);
      await log.flush();
    } finally {
      log.close();
    }
  };
}

function isThere(files: Pick<Files, 'read'>, path: string, message: string): boolean {
  const found = files.read(path, MAX_BYTES);
  return found?.kind === 'text' && found.text.split('\n').some((line) => messageOf(line) === message);
}

/** A line that was torn by a death says nothing. */
function messageOf(line: string): unknown {
  return ((parseJson(line) ?? {}) as Readonly<Record<string, unknown>>).message;
}
