import type { RunRecord } from '../core/run.ts';
import { excerptAround, type LogExcerpt } from '../core/text/log-excerpt.ts';
import { readTraces, type StackTrace } from '../core/trace/stack-trace.ts';
import type { Files } from '../ports.ts';
import { unlessRefused } from './evidence-file.ts';

/** What the output of a run tells of its failure. */
export interface LogReading {
  readonly trace: StackTrace | undefined;
  /** As it was printed; '' where there is none. */
  readonly traceText: string;
  readonly excerpt: LogExcerpt | undefined;
  /** The file it is from. */
  readonly path: string | undefined;
}

/** So much from the end of a log is read: what a run failed of stands there. */
const MOST_BYTES = 256 * 1024;
const AROUND = 200;
const MOST_LINE = 2_000;
const NOTHING: LogReading = { trace: undefined, traceText: '', excerpt: undefined, path: undefined };

/** The last trace counts, in stderr before stdout. Of a session of claude the output is a transcript, and traces in it are what it worked on. */
export function readLogs(files: Pick<Files, 'info' | 'readRange'>, run: RunRecord): LogReading {
  const isTranscript = run.class !== undefined || run.session_id !== undefined || run.prompt_path !== undefined;
  let first: { readonly path: string; readonly text: string } | undefined;
  for (const path of [run.stderr_path, run.stdout_path]) {
    const text = path === null ? '' : (unlessRefused(() => tailOf(files, path)) ?? '');
    if (path === null || text.trim() === '') continue;
    first ??= { path, text };
    const trace = isTranscript ? undefined : readTraces(text).at(-1);
    if (trace === undefined) continue;
    const lines = linesOf(text);
    const traceText = lines.slice(trace.firstLine, trace.lastLine + 1).join('\n');
    return { trace, traceText, excerpt: excerptAround(lines, trace.firstLine, trace.lastLine, AROUND), path };
  }
  if (first === undefined) return NOTHING;
  const lines = linesOf(first.text.trimEnd());
  return { ...NOTHING, excerpt: excerptAround(lines, lines.length - 1, lines.length - 1, AROUND), path: first.path };
}

function linesOf(text: string): readonly string[] {
  return text.split(text.includes('\r') ? /\r\n|\n|\r/ : '\n').map((line) => (line.length > MOST_LINE ? `${line.slice(0, MOST_LINE)}…` : line));
}

/** From a whole line on. Output that retention has taken, or that is no file any more, says nothing. */
function tailOf(files: Pick<Files, 'info' | 'readRange'>, path: string): string {
  const info = files.info(path);
  if (info?.kind !== 'file' || info.sizeBytes === 0) return '';
  const offset = Math.max(0, info.sizeBytes - MOST_BYTES);
  const text = files.readRange(path, offset, MOST_BYTES).toString('utf8');
  return offset === 0 ? text : text.slice(text.indexOf('\n') + 1);
}
