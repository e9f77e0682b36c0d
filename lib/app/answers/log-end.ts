import { basename } from 'node:path';
import type { RunRecord } from '../../core/run.ts';
import { ending } from '../../core/text/excerpt.ts';
import type { Redact } from '../../core/text/redaction.ts';
import { readLogs, type Stream } from '../following.ts';
import { createReading } from '../reading.ts';

/** The end of what a run has said to one stream, without its secrets. */
export interface LogEnd {
  readonly stream: Stream;
  readonly text: string;
  /** There is more before it. */
  readonly isCut: boolean;
}

const SHOWN_CHARACTERS = 64 * 1024;
/** More is read than is shown: a secret that the first byte read stands in the middle of is not seen. */
const READ_BYTES = 6 * SHOWN_CHARACTERS;

/** Bounded, however much it was. Throws `not_found` where it is not there any more. */
export function readLogEnds(root: string, run: RunRecord, id: string, redact: Redact): readonly LogEnd[] {
  const { files, paths } = createReading(root);
  return (['stdout', 'stderr'] as const).flatMap((stream): readonly LogEnd[] => {
    const written = run[`${stream}_path`];
    if (written === null) return [];
    let said = '';
    readLogs(root, id, { streams: [stream], raw: false, told: true, isAsked: false, tailBytes: READ_BYTES }, (piece) => {
      said += piece.text;
    });
    const sizes = [written, `${paths.subsessions}/${basename(written)}`].map((path) => files.info(path)?.sizeBytes ?? 0);
    const isPart = Math.max(...sizes) > READ_BYTES;
    // The first line of a part may be the end of one.
    const clean = redact(isPart ? wholeLines(said) : said);
    const isCut = isPart || clean.length > SHOWN_CHARACTERS;
    const text = clean.length > SHOWN_CHARACTERS ? wholeLines(ending(clean, SHOWN_CHARACTERS)) : clean;
    return [{ stream, text, isCut }];
  });
}

/** Without the rest of a line that it begins with; one line alone is better than nothing. */
function wholeLines(text: string): string {
  const at = text.indexOf('\n');
  return at < 0 || at === text.length - 1 ? text : text.slice(at + 1);
}
