import type { Finding } from '../core/incident/finding.ts';
import { endOf, type Incident, isOpen, takesUp } from '../core/incident/incident.ts';
import { forgettable } from '../core/incident/retention.ts';
import type { Paths } from '../core/paths.ts';
import type { RunRecord } from '../core/run.ts';
import { formatCompact, type Ms, parseIso } from '../core/time/instant.ts';
import type { Clock, Files } from '../ports.ts';
import type { EvidenceFile } from './evidence-file.ts';
import { incidentPath, openFolder, readIncident } from './folder.ts';
import { entryOf, formatEntry, type IndexEntry, indexPath } from './index-file.ts';
import { reportHead, withHead } from './report.ts';

/**
 * Where incidents lie, and the one that writes there:
 *
 *     incidents/<id>/incident.json      how it stands
 *     incidents/<id>/report.md          the same and the evidence, for people
 *     incidents/<id>/occurrences.jsonl  a line each time it came
 *     incidents/<id>/…                  the evidence
 *     incidents/.new-<id>/              being put together; it becomes `<id>` in one rename, or is swept away
 */
export interface ShelfDeps {
  readonly files: Files;
  readonly clock: Pick<Clock, 'nowMs' | 'breathe'>;
  readonly paths: Pick<Paths, 'incidents' | 'state'>;
  readonly onBroken: (path: string) => void;
}

export interface Shelf {
  dirOf(id: string): string;
  isTaken(id: string): boolean;
  get(id: string): Incident | undefined;
  /** What is open, and what was resolved so lately that it may open again. Oldest first. */
  recent(): readonly Incident[];
  /** What is open, or was resolved since then. */
  since(sinceMs: Ms): readonly Incident[];
  newest(fingerprint: string): Incident | undefined;
  /** The one in whose list this run stands already. */
  byRun(run: RunRecord): Incident | undefined;
  /** A whole folder, on disk when it resolves. */
  add(incident: Incident, evidence: readonly EvidenceFile[]): Promise<void>;
  /** How it stands now; on disk when it returns. */
  replace(incident: Incident): Incident;
  noteOccurrence(incident: Incident, run: RunRecord): Promise<void>;
  noteFinding(incident: Incident, finding: Finding): Promise<void>;
  /** Removes what need not be kept; answers with how many. What is open of these cadences is kept. */
  forget(keptMs: Ms, isDefined: (cadence: string) => boolean): number;
}

/** One line of `occurrences.jsonl`. */
export function formatOccurrence({ run_id, cadence, status, reason, ...run }: RunRecord): string {
  return `${JSON.stringify({ at: endOf(run), run_id, cadence, status, reason })}\n`;
}

/** The same of what was found without a run that failed. */
export function formatFinding({ at, cadence, detector, words, key }: Finding): string {
  return `${JSON.stringify({ at, cadence, status: detector, reason: words, key })}\n`;
}

const DRAFT = '.new-';
const MAX_REPORT_BYTES = 4 * 1024 * 1024;
const MAX_OCCURRENCES_BYTES = 16 * 1024 * 1024;

export function createShelf({ files, clock, paths, onBroken }: ShelfDeps): Shelf {
  const recent = new Map<string, Incident>();
  const known = new Map<string, IndexEntry>();
  const past = new Map<string, Incident | undefined>();
  let isLoaded = false;
  const dirOf = (id: string): string => `${paths.incidents}/${id}`;
  const pathOf = (id: string): string => incidentPath(paths, id);

  /** At the first use: most owners live and end without a failure. */
  function load(): void {
    if (isLoaded) return;
    const { ids, index, isIndexWhole } = openFolder(files, paths);
    for (const draft of files.list(paths.incidents)) if (draft.startsWith(DRAFT)) files.removeTree(`${paths.incidents}/${draft}`);
    for (const id of ids) {
      const entry = index.get(id);
      const incident = entry?.state === 'resolved' && !isLate(entry) ? undefined : read(id);
      if (incident !== undefined) keep(incident);
      else if (entry !== undefined && entry.state === 'resolved') known.set(id, entry);
    }
    if (!isIndexWhole) writeIndex();
    isLoaded = true;
  }

  const writeIndex = (): void => files.write(indexPath(paths), [...known.values()].map(formatEntry).join(''));
  const isLate = (entry: IndexEntry): boolean => takesUp({ state: entry.state, resolved_at: entry.resolved_at } as Incident, clock.nowMs());

  function read(id: string): Incident | undefined {
    const found = readIncident(files, paths, id);
    if (found !== 'broken') return found;
    const aside = `${pathOf(id)}.broken-${formatCompact(clock.nowMs())}`;
    if (files.rename(pathOf(id), aside)) onBroken(aside);
    return undefined;
  }

  function keep(incident: Incident): void {
    known.set(incident.id, entryOf(incident));
    if (takesUp(incident, clock.nowMs())) recent.set(incident.id, incident);
    else recent.delete(incident.id);
  }

  function index(incident: Incident): void {
    const log = files.append(indexPath(paths));
    try {
      log.write(formatEntry(entryOf(incident)));
    } finally {
      log.close();
    }
  }

  function write(incident: Incident): void {
    files.write(pathOf(incident.id), `${JSON.stringify(incident, null, 2)}\n`);
    const report = `${dirOf(incident.id)}/report.md`;
    const before = files.read(report, MAX_REPORT_BYTES);
    files.write(report, withHead(before?.kind === 'text' ? before.text : '', reportHead(incident)));
  }

  async function note(incident: Incident, line: string, mark: string): Promise<void> {
    const path = `${dirOf(incident.id)}/occurrences.jsonl`;
    const before = files.read(path, MAX_OCCURRENCES_BYTES);
    // More than that nobody reads; how often it came stands in incident.json.
    if (before !== undefined && (before.kind !== 'text' || before.text.includes(mark))) return;
    const log = files.append(path);
    try {
      log.write(line);
      await log.flush();
    } finally {
      log.close();
    }
  }

  return {
    dirOf,
    isTaken(id) {
      load();
      return known.has(id) || files.info(dirOf(id)) !== undefined;
    },
    get(id) {
      load();
      return recent.get(id) ?? (known.has(id) ? read(id) : undefined);
    },
    recent() {
      load();
      return [...recent.values()];
    },
    since(sinceMs) {
      load();
      const older = [...known.values()].flatMap(({ id, resolved_at }) => {
        if (recent.has(id) || (parseIso(resolved_at) ?? 0) < sinceMs) return [];
        // What was over a week ago changes no more: it is read once.
        if (!past.has(id)) past.set(id, read(id));
        return past.get(id) ?? [];
      });
      return [...older, ...recent.values()];
    },
    newest(fingerprint) {
      load();
      return [...recent.values()].findLast((incident) => incident.fingerprint === fingerprint);
    },
    byRun(run) {
      load();
      return [...recent.values()].findLast(({ run_ids }) => run_ids.includes(run.run_id));
    },
    async add(incident, evidence) {
      load();
      const draft = `${paths.incidents}/${DRAFT}${incident.id}`;
      files.makeDir(draft);
      for (const { name, text } of evidence) {
        if (name.includes('/')) files.makeDir(`${draft}/${name.slice(0, name.lastIndexOf('/'))}`);
        files.write(`${draft}/${name}`, name === 'report.md' ? withHead(text, reportHead(incident)) : text);
        await clock.breathe();
      }
      files.write(`${draft}/incident.json`, `${JSON.stringify(incident, null, 2)}\n`);
      files.rename(draft, dirOf(incident.id));
      files.flushDir(paths.incidents);
      keep(incident);
      index(incident);
    },
    replace(incident) {
      load();
      const before = known.get(incident.id)?.state;
      const turned = (before === 'resolved') !== !isOpen(incident);
      if (turned && isOpen(incident)) index(incident);
      write(incident);
      keep(incident);
      if (turned && !isOpen(incident)) index(incident);
      return incident;
    },
    noteOccurrence: (incident, run) => note(incident, formatOccurrence(run), `"run_id":${JSON.stringify(run.run_id)}`),
    noteFinding: (incident, finding) => note(incident, formatFinding(finding), `"key":${JSON.stringify(finding.key)}`),
    forget(keptMs, isDefined) {
      load();
      const gone = forgettable(
        [...known.values()].map((entry) => recent.get(entry.id) ?? entry),
        keptMs,
        clock.nowMs(),
        isDefined,
      );
      for (const id of gone) {
        files.removeTree(dirOf(id));
        known.delete(id);
        recent.delete(id);
        past.delete(id);
      }
      if (gone.length > 0) writeIndex();
      return gone.length;
    },
  };
}
