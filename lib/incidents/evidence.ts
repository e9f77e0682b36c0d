import type { Cadence } from '../core/cadence.ts';
import { type FailureFacts, factsOfFailure } from '../core/incident/failure-facts.ts';
import type { Finding } from '../core/incident/finding.ts';
import type { Paths } from '../core/paths.ts';
import type { RunRecord } from '../core/run.ts';
import type { Redact } from '../core/text/redaction.ts';
import type { Files, History } from '../ports.ts';
import { snapshotConfigs } from './config-snapshots.ts';
import type { EvidenceFile } from './evidence-file.ts';
import { type LogReading, readLogs } from './log-reading.ts';
import { foundBody, reportBody } from './report-body.ts';
import { explodeFrames } from './source-frames.ts';

/** What is known of a failure. `files` is made only where a folder is, for that is the dear part. */
export interface Evidence extends FailureFacts {
  files(): readonly EvidenceFile[];
}

export interface EvidenceDeps {
  readonly files: Pick<Files, 'info' | 'read' | 'readRange' | 'realPath'>;
  readonly paths: Pick<Paths, 'root' | 'cadences'>;
  readonly history: Pick<History, 'runs'>;
  readonly cadenceOf: (name: string) => Cadence | undefined;
  readonly redactOf: (cadence: Cadence | undefined) => Redact;
}

const RECENT_RUNS = 10;
const MOST_CONFIGS = 24;

export function gatherEvidence(deps: EvidenceDeps, run: RunRecord): Evidence {
  const cadence = deps.cadenceOf(run.cadence);
  const redact = deps.redactOf(cadence);
  const reading = run.status === 'unverified' || run.status === 'expired' ? undefined : readLogs(deps.files, run);
  const facts = factsOfFailure(run, reading?.trace);
  return { ...facts, title: redact(facts.title), files: () => filesOf(deps, run, cadence, redact, reading) };
}

/** Nothing ran, so what was seen, how it went lately and what it is told to do is all there is. */
export function gatherFinding(deps: EvidenceDeps, finding: Finding): Evidence {
  const cadence = deps.cadenceOf(finding.cadence);
  const redact = deps.redactOf(cadence);
  const { detector, words } = finding;
  return {
    ...{ detector, title: redact(words), words: [] },
    files() {
      const recent = deps.history.runs({ cadence: finding.cadence, limit: RECENT_RUNS });
      const configs = snapshotConfigs(deps.files, configsOf(cadence, deps.paths), redact);
      const state = { name: 'state.json', text: redact(`${JSON.stringify({ found: finding, recent_runs: recent.map(stateOf) }, null, 2)}\n`) };
      const names = [...configs, state].map(({ name }) => name);
      return [...configs, state, { name: 'report.md', text: redact(foundBody({ finding, recent, evidence: names })) }];
    },
  };
}

function filesOf(deps: EvidenceDeps, run: RunRecord, cadence: Cadence | undefined, redact: Redact, reading: LogReading | undefined): readonly EvidenceFile[] {
  const { files, paths, history } = deps;
  const recent = history.runs({ cadence: run.cadence, limit: RECENT_RUNS });
  const trace = reading?.trace;
  const frames = trace === undefined ? [] : explodeFrames(trace, { files, folders: foldersOf(cadence, paths.root), redact });
  const configs = snapshotConfigs(files, configsOf(cadence, paths), redact);
  const evidence: readonly EvidenceFile[] = [
    ...(reading === undefined || reading.traceText === '' ? [] : [{ name: 'trace.txt', text: `${redact(reading.traceText)}\n` }]),
    ...(reading?.excerpt === undefined ? [] : [{ name: 'log_excerpt.txt', text: `${redact(reading.excerpt.lines.join('\n'))}\n` }]),
    ...frames,
    ...configs,
    { name: 'state.json', text: `${JSON.stringify({ run: stateOf(run), recent_runs: recent.map(stateOf) }, null, 2)}\n` },
  ];
  return [...evidence, { name: 'report.md', text: redact(reportBody({ run, recent, reading, evidence: evidence.map(({ name }) => name) })) }];
}

/** What was set off by it is no part of how it stood. */
function stateOf({ follow_ups: _set, moves_to: _to, ...run }: RunRecord): Partial<RunRecord> {
  return run;
}

function foldersOf(cadence: Cadence | undefined, root: string): readonly string[] {
  const cwd = cadence === undefined || cadence.run.kind === 'inline' ? undefined : cadence.run.cwd;
  return cwd === undefined || cwd === root ? [root] : [cwd, root];
}

function configsOf(cadence: Cadence | undefined, { cadences }: Pick<Paths, 'cadences'>): readonly string[] {
  const own = cadence === undefined ? [] : [cadence.path];
  const prompt = cadence !== undefined && (cadence.run.kind === 'claude' || cadence.run.kind === 'agent') ? [cadence.run.promptPath] : [];
  return [...new Set([...own, ...prompt, ...(cadence?.snapshots ?? []), `${cadences}/bus.yaml`])].slice(0, MOST_CONFIGS);
}
