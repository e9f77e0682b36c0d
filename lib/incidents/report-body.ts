import type { Finding } from '../core/incident/finding.ts';
import type { RunRecord } from '../core/run.ts';
import { toVisible } from '../core/text/excerpt.ts';
import { formatDuration } from '../core/time/duration.ts';
import type { StackTrace } from '../core/trace/stack-trace.ts';
import type { LogReading } from './log-reading.ts';
import { fenced, plain } from './report.ts';

export interface Reported {
  readonly run: RunRecord;
  /** Newest first. */
  readonly recent: readonly RunRecord[];
  readonly reading: LogReading | undefined;
  /** Names of the files beside it. */
  readonly evidence: readonly string[];
}

const SHOWN_LINES = 40;

/** The evidence in `report.md`: enough to understand it without opening anything else. Words of a child are always fenced. */
export function reportBody({ run, recent, reading, evidence }: Reported): string {
  const parts = [
    `## What happened\n\n${fenced(run.reason)}\n\nRun ${run.run_id}, try ${run.attempt}, ${exitOf(run)} after ${formatDuration(run.duration_ms)}.`,
    reading?.trace === undefined ? recentRuns(recent) : whereItBroke(reading.trace, reading.traceText),
    endOfLog(reading),
    evidence.length === 0 ? '' : `## In this folder\n\n${evidence.map((name) => `- ${name}`).join('\n')}`,
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** What was found without a run that failed. */
export function foundBody({ finding, recent, evidence }: { readonly finding: Finding } & Pick<Reported, 'recent' | 'evidence'>): string {
  const timer = finding.timer === undefined ? '' : `\n\nWhat the manager of the system says of its timer:\n\n${fenced(finding.timer)}`;
  const parts = [
    `## What was found\n\n${fenced(finding.words)}\n\nSeen ${plain(finding.at)}; no run of it failed.${timer}`,
    recentRuns(recent),
    `## In this folder\n\n${evidence.map((name) => `- ${name}`).join('\n')}`,
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** Nothing is said twice: a log that is all trace stands above already. */
function endOfLog(reading: LogReading | undefined): string {
  if (reading?.excerpt === undefined) return '';
  const { lines } = reading.excerpt;
  const more = `All of it: ${reading.path}`;
  if (lines.join('\n').trim() === reading.traceText.trim()) return more;
  return `## The end of its log\n\n${fenced(lines.slice(-SHOWN_LINES).join('\n'))}\n\nMore of it: log_excerpt.txt. ${more}`;
}

function exitOf({ exit_code, signal, status }: RunRecord): string {
  if (signal !== null) return `ended by ${signal}`;
  return exit_code === null ? status : `exit ${exit_code}`;
}

function whereItBroke({ exceptions, culprit }: StackTrace, text: string): string {
  const place = culprit === undefined ? '' : `\n\nIn \`${plain(culprit.fn ?? '(no function)')}\`, ${plain(culprit.file)}:${culprit.line}.`;
  const chain = exceptions.length === 1 ? '' : `\n\n${exceptions.map(({ type, rel }) => `- ${rel ?? 'thrown'}: ${plain(type)}`).join('\n')}`;
  return `## Where it broke${place}${chain}\n\n${fenced(text)}`;
}

/** Where nothing was thrown, how it went lately says the most. */
function recentRuns(recent: readonly RunRecord[]): string {
  if (recent.length === 0) return '';
  const rows = recent.map(
    ({ ended_at, status, duration_ms, run_id, reason }) =>
      `${ended_at ?? ''}  ${status.padEnd(11)}  ${formatDuration(duration_ms).padStart(8)}  ${run_id}  ${firstLine(reason)}`,
  );
  return `## Its last runs\n\n${fenced(rows.join('\n'))}`;
}

function firstLine(reason: string): string {
  return toVisible(reason.split('\n')[0] ?? '').slice(0, 80);
}
