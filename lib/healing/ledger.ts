import { ATTEMPTS_HEADER, type Attempt, formatAttempt, readAttempts } from '../core/heal/attempt.ts';
import { formatCompact } from '../core/time/instant.ts';
import type { AppendLog, Clock, Files } from '../ports.ts';

/** `attempts.tsv`: what was tried, and what came of it. One writer; whoever reads it needs no owner. */
export interface Ledger {
  /** On disk when it resolves. The same row twice changes nothing. */
  write(attempt: Attempt): Promise<void>;
}

export interface LedgerDeps {
  readonly files: Files;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly path: string;
  readonly onBroken: (asidePath: string) => void;
}

const MAX_BYTES = 64 * 1024 * 1024;

export function createLedger(deps: LedgerDeps): Ledger {
  let log: AppendLog | undefined;
  return {
    async write(attempt) {
      log ??= openLedger(deps);
      log.write(formatAttempt(attempt));
      await log.flush();
    },
  };
}

function openLedger(deps: LedgerDeps): AppendLog {
  setBrokenAside(deps);
  const log = deps.files.append(deps.path);
  if (log.endBytes === 0) log.write(ATTEMPTS_HEADER);
  return log;
}

/** Lines that are no rows, such as one that a power cut has torn, lie beside it from then on. */
function setBrokenAside({ files, clock, path, onBroken }: LedgerDeps): void {
  const found = files.read(path, MAX_BYTES);
  if (found === undefined) return;
  const aside = `${path}.broken-${formatCompact(clock.nowMs())}`;
  if (found.kind !== 'text') {
    if (found.kind !== 'unreadable' && files.rename(path, aside)) onBroken(aside);
    return;
  }
  const { broken } = readAttempts(found.text);
  if (broken.length === 0) return;
  files.write(aside, `${broken.join('\n')}\n`);
  const isBroken = new Set(broken);
  files.write(
    path,
    found.text
      .split('\n')
      .filter((line) => line !== '' && !isBroken.has(line))
      .map((line) => `${line}\n`)
      .join(''),
  );
  onBroken(aside);
}
