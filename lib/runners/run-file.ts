import { dirname } from 'node:path';
import type { Paths } from '../core/paths.ts';
import { parseJson } from '../core/text/json-text.ts';
import { parseIso, toIso } from '../core/time/instant.ts';
import type { Files } from '../ports.ts';
import { unlessRefused } from './capture.ts';
import type { Phase } from './phase.ts';

/**
 * `run.json` in the folder of a run: what is running there, for people who look and for the owner who comes after us.
 * Written before the child starts, not flushed: a power cut ends the child too.
 */
const MAX_BYTES = 64 * 1024;

/** True where the folder was made for it, and nothing else can lie there. */
export function writeRunFile(files: Files, phase: Phase, kind: string, more: Readonly<Record<string, string | number | boolean>> = {}): boolean {
  const { job, part, runDir, output, before, startedMs } = phase;
  const content = {
    format: 1,
    run_id: job.runId,
    cadence: job.cadence.name,
    tick: job.tickId,
    attempt: job.attempt,
    started_at: toIso(startedMs),
    kind,
    phase: part,
    stdout_path: output.stdoutPath,
    stderr_path: output.stderrPath,
    stdout_from: before.stdoutBytes,
    stderr_from: before.stderrBytes,
    timeout_ms: phase.timeoutMs ?? job.cadence.timeoutMs,
    idle_timeout_ms: job.cadence.idleTimeoutMs,
    ...(job.cadence.provider === undefined ? {} : { provider: job.cadence.provider }),
    ...(job.cadence.workspace === undefined ? {} : { workspace: job.cadence.workspace }),
    ...more,
  };
  return putFile(files, `${runDir}/run.json`, `${JSON.stringify(content)}\n`);
}

/** A whole new file, whatever an earlier run under the same id left there. True: its folder is new. */
export function putFile(files: Files, path: string, text: string): boolean {
  const isFresh = files.makeDir(dirname(path));
  if (!isFresh) files.remove(path);
  files.create(path, text);
  return isFresh;
}

/** The phase as its first owner began it: its start, its two files, which carry the day of that start in their names, and where in them it begins. */
export function resumePhase(files: Files, paths: Paths, phase: Phase): Phase {
  const note = readRunFile(files, phase);
  const startedMs = parseIso(note.started_at) ?? phase.startedMs;
  const [stdoutPath, stderrPath] = [note.stdout_path, note.stderr_path];
  if (!isLog(paths, stdoutPath) || !isLog(paths, stderrPath)) return { ...phase, startedMs };
  const before = { stdoutBytes: offsetIn(note.stdout_from), stderrBytes: offsetIn(note.stderr_from) };
  return { ...phase, startedMs, before, output: { stdoutPath, stderrPath } };
}

/** What stands in the file; nothing where there is none, or none that can be read. */
export function readRunFile(files: Files, { runDir }: Pick<Phase, 'runDir'>): Readonly<Record<string, unknown>> {
  const found = unlessRefused(undefined, () => files.read(`${runDir}/run.json`, MAX_BYTES));
  return found?.kind === 'text' ? parseNote(found.text) : {};
}

function parseNote(text: string): Readonly<Record<string, unknown>> {
  const note = parseJson(text);
  return typeof note === 'object' && note !== null ? (note as Record<string, unknown>) : {};
}

function offsetIn(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

/** The folder is ours, but a path that is followed, cut and removed is believed only where ours lie. */
function isLog(paths: Paths, path: unknown): path is string {
  return typeof path === 'string' && dirname(path) === paths.subsessions && path.endsWith('.log') && !path.endsWith('/..log');
}
