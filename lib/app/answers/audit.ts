import { type Audit, takeCensus } from '../../core/conservation.ts';
import { isFinal } from '../../core/run.ts';
import { parseTickName } from '../../core/tick.ts';
import { scanIds } from '../../history/audit-scan.ts';
import type { Files } from '../../ports.ts';
import { createReading, type Reading } from '../reading.ts';

const LOOKS = 3;

/**
 * The conservation proof, from the files alone. A tick that moves on while an owner works may be met twice or not at all:
 * only what every look says is missing, or doubled, is.
 */
export function takeAudit(root: string, files?: Files): Audit {
  const reading = createReading(root, files);
  let audit = look(reading);
  for (let n = 1; n < LOOKS && audit.missing.length + audit.doubled.length > 0; n += 1) {
    const again = look(reading);
    audit = { ...again, missing: both(audit.missing, again.missing), doubled: both(audit.doubled, again.doubled) };
  }
  return audit;
}

function both(some: readonly string[], others: readonly string[]): readonly string[] {
  return some.filter((id) => others.includes(id));
}

/**
 * Foreign files count as waiting: they have no id before they are taken in. A line of a batch whose end is recorded has ended, though
 * its owner died before it noted so in the batch; where a file still lies in `claimed/`, the file counts.
 */
function look({ files, paths, names, dead, foreign }: Reading): Audit {
  const finished = new Set<string>();
  const buried = new Set<string>();
  // Of hundreds of thousands that have finished, nothing else is kept.
  const unfinished = new Set<string>();
  scanIds({ files, paths }, (id, status) => {
    if (status === 'claimed' || !isFinal(status)) {
      if (!finished.has(id)) unfinished.add(id);
      return;
    }
    finished.add(id);
    if (unfinished.size > 0) unfinished.delete(id);
    if (status === 'dead') buried.add(id);
    else buried.delete(id);
  });
  const inFiles = new Set(files.list(paths.claimed).flatMap((file) => parseTickName(file)?.id ?? []));
  const runs = (id: string): boolean => inFiles.has(id) || !finished.has(id) || buried.has(id);
  const ids = (folder: 'inbox' | 'waiting' | 'claimed'): readonly string[] => names(folder).map((name) => name.id);
  const audit = takeCensus({
    waiting: new Set([...ids('inbox'), ...ids('waiting')]),
    running: new Set(ids('claimed').filter(runs)),
    dead: new Set(dead().map(({ name }) => name.id)),
    finished,
    seen: unfinished,
  });
  const strays = foreign().length;
  return { ...audit, enqueued: audit.enqueued + strays, waiting: audit.waiting + strays };
}
