import { notifyCadence } from '../core/builtin.ts';
import type { Delivery, Notice } from '../core/notice/notice.ts';
import { sinkId } from '../core/notice/sink.ts';
import type { Paths } from '../core/paths.ts';
import { parseJson } from '../core/text/json-text.ts';
import { dayOf, type Ms } from '../core/time/instant.ts';
import type { Clock, Files, Outbox } from '../ports.ts';
import { parseDelivery, parseNotice } from '../wire/notice.ts';

/**
 * The outbox on files:
 *
 *     outbox/<key>.json               to be delivered
 *     outbox/delivered/<day>.jsonl    how each ended; first this line, then the file goes
 *     outbox/dead/<key>.json          given up, the reason in it
 */
export interface OutboxDeps {
  readonly files: Files;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly paths: Pick<Paths, 'outbox'>;
  /** A file that is no notice was moved to `outbox/dead/`. undefined: who only reads passes it over. */
  readonly onBroken: ((path: string) => void) | undefined;
}

const MAX_NOTICE_BYTES = 256 * 1024;
const MAX_DAY_BYTES = 64 * 1024 * 1024;
const DAY_MS: Ms = 86_400_000;
/** As long as keys are remembered: a restart may ask for what ended within this time. */
const REMEMBERED_DAYS = 8;
const KEPT_DAYS = 90;
const DAY_FILE = /^(\d{4}-\d{2}-\d{2})\.jsonl$/;

export function createOutbox({ files, clock, paths, onBroken }: OutboxDeps): Outbox {
  const [delivered, dead] = [`${paths.outbox}/delivered`, `${paths.outbox}/dead`];
  const pathOf = (key: string): string => `${paths.outbox}/${key}.json`;
  let ended: Set<string> | undefined;

  /** Read once; older days are removed by the way. */
  function endedKeys(): Set<string> {
    if (ended !== undefined) return ended;
    ended = new Set();
    const nowMs = clock.nowMs();
    for (const file of files.list(delivered)) {
      const day = DAY_FILE.exec(file)?.[1];
      if (day === undefined) continue;
      if (day < dayOf(nowMs - KEPT_DAYS * DAY_MS)) files.remove(`${delivered}/${file}`);
      else if (day >= dayOf(nowMs - REMEMBERED_DAYS * DAY_MS)) for (const { key } of linesOf(files, `${delivered}/${file}`)) ended.add(key);
    }
    return ended;
  }

  function read(file: string): Notice | undefined {
    const path = `${paths.outbox}/${file}`;
    const found = files.read(path, MAX_NOTICE_BYTES);
    if (found === undefined) return undefined;
    const notice = found.kind === 'text' ? parseNotice(parseJson(found.text)) : undefined;
    if (notice !== undefined && `${notice.key}.json` === file) return notice;
    if (onBroken === undefined) return undefined;
    files.makeDir(dead);
    files.rename(path, `${dead}/${file}`);
    onBroken(`${dead}/${file}`);
    return undefined;
  }

  return {
    put(notice) {
      if (endedKeys().has(notice.key) || files.info(pathOf(notice.key)) !== undefined) return false;
      files.write(pathOf(notice.key), formatNotice(notice));
      return true;
    },
    pending(cadence) {
      const notices = files
        .list(paths.outbox)
        .filter((file) => file.endsWith('.json') && !file.startsWith('.'))
        .flatMap((file) => read(file) ?? []);
      return notices
        .filter(({ sink }) => cadence === undefined || notifyCadence(sinkId(sink)) === cadence)
        .sort((a, b) => (a.created_at === b.created_at ? (a.key < b.key ? -1 : 1) : a.created_at < b.created_at ? -1 : 1));
    },
    keep: (notice) => files.write(pathOf(notice.key), formatNotice(notice)),
    async end(notice, end) {
      if (!endedKeys().has(notice.key)) {
        files.makeDir(delivered);
        const log = files.append(`${delivered}/${dayOf(clock.nowMs())}.jsonl`);
        try {
          log.write(`${JSON.stringify(end)}\n`);
          await log.flush();
        } finally {
          log.close();
        }
        endedKeys().add(notice.key);
      }
      if (end.ok) {
        files.remove(pathOf(notice.key));
        return;
      }
      files.makeDir(dead);
      files.write(pathOf(notice.key), formatNotice({ ...notice, attempts: end.attempts, error: end.error ?? null }));
      files.rename(pathOf(notice.key), `${dead}/${notice.key}.json`);
    },
    ended(runId, sinceMs) {
      const since = dayOf(sinceMs);
      const days = files.list(delivered).filter((file) => (DAY_FILE.exec(file)?.[1] ?? '') >= since);
      const all = days.sort().flatMap((file) => linesOf(files, `${delivered}/${file}`));
      return runId === undefined ? all : all.filter(({ run_id }) => run_id === runId);
    },
  };
}

function formatNotice(notice: Notice): string {
  return `${JSON.stringify(notice, null, 2)}\n`;
}

/** What is torn or strange is passed over: the notice itself still lies in the outbox then. */
function linesOf(files: Files, path: string): readonly Delivery[] {
  const found = files.read(path, MAX_DAY_BYTES);
  if (found?.kind !== 'text') return [];
  return found.text.split('\n').flatMap((line) => (line === '' ? [] : (parseDelivery(parseJson(line)) ?? [])));
}
