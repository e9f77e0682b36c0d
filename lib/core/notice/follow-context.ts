import type { Cadence } from '../cadence.ts';
import type { Paths } from '../paths.ts';
import type { RunRecord } from '../run.ts';
import { toVisible, truncate } from '../text/excerpt.ts';
import { describeSchedule } from '../time/schedule-sentence.ts';
import { statusWord } from './following.ts';
import { summaryOf } from './notice.ts';

/**
 * The one context of all that follows a run: templates name its words as `{task_id}`, hooks and callbacks find them in
 * their environment as `CADENCE_TASK_ID`. What is not known is empty.
 */
export const CONTEXT_WORDS = [
  ...([
    'task_id',
    'task_name',
    'run_id',
    'status',
    'summary',
    'exit_code',
    'error',
    'reason',
    'log_file',
    'stderr_file',
    'stdout_file',
    'working_dir',
  ] as const),
  ...(['consecutive_failures', 'state_file', 'project_root', 'learning_file', 'log_dir', 'command', 'schedule', 'last_run'] as const),
  ...(['incident_id', 'incident_dir', 'report_file', 'detector', 'detected_problem', 'timer_status', 'launchd_status', 'python_path'] as const),
  ...(['recovery_attempts', 'recurring_fix_failures', 'last_fix_summary', 'total_diagnose_invocations'] as const),
] as const;
export type ContextWord = (typeof CONTEXT_WORDS)[number];

export type FollowContext = Readonly<Record<ContextWord, string>>;

/** What a program that failed may have written itself: shown to an agent only as data. */
const FOREIGN: ReadonlySet<string> = new Set<ContextWord>([
  'summary',
  'error',
  'reason',
  'detected_problem',
  'timer_status',
  'launchd_status',
  'last_fix_summary',
]);

const ERROR_WIDTH = 500;
const EMPTY = Object.fromEntries(CONTEXT_WORDS.map((word) => [word, ''])) as FollowContext;

interface AboutCadence {
  readonly root: string;
  readonly logs: string;
  readonly description?: string | undefined;
  readonly command?: string | undefined;
  readonly cwd?: string | undefined;
  readonly schedule?: string | undefined;
}

export function aboutCadence({ run, description, schedule }: Cadence, paths: Pick<Paths, 'root' | 'logs'>): AboutCadence {
  return {
    root: paths.root,
    logs: paths.logs,
    description,
    command:
      run.kind === 'command' || run.kind === 'agent' ? run.argv.join(' ') : run.kind === 'claude' ? `claude, with the prompt ${run.promptPath}` : run.file,
    cwd: run.kind === 'inline' ? undefined : run.cwd,
    schedule: schedule === undefined ? undefined : describeSchedule(schedule),
  };
}

export function followContext(run: RunRecord, about: AboutCadence, more: Partial<FollowContext> = {}): FollowContext {
  return {
    ...EMPTY,
    task_id: run.cadence,
    task_name: about.description === undefined || about.description === '' ? run.cadence : about.description,
    run_id: run.run_id,
    status: statusWord(run.status),
    summary: summaryOf(run),
    exit_code: run.exit_code === null ? '' : String(run.exit_code),
    error: truncate(toVisible(run.reason), ERROR_WIDTH),
    reason: run.reason,
    log_file: run.stderr_path ?? run.stdout_path ?? '',
    stderr_file: run.stderr_path ?? '',
    stdout_file: run.stdout_path ?? '',
    working_dir: run.cwd ?? about.cwd ?? about.root,
    project_root: about.root,
    log_dir: about.logs,
    command: about.command ?? '',
    schedule: about.schedule ?? '',
    last_run: run.ended_at ?? run.started_at,
    python_path: 'python3',
    ...more,
  };
}

const PLACE = /\{\{[ \t]*([a-z_]+)[ \t]*\}\}|\{([a-z_]+)\}/g;

/**
 * Every known word in braces, once: a brace in a value is a brace. `agent`: what may be foreign is quoted, on one line.
 * Words that nobody knows stay, for a prompt may hold JSON.
 */
export function renderContext(template: string, context: FollowContext, reader: 'agent' | 'program'): string {
  return template.replace(PLACE, (whole, double: string | undefined, single: string | undefined) => {
    const word = double ?? single ?? '';
    if (!isWord(word)) return whole;
    const value = context[word];
    return reader === 'agent' && FOREIGN.has(word) ? JSON.stringify(toVisible(value)).slice(0, 2 * ERROR_WIDTH) : value;
  });
}

function isWord(word: string): word is ContextWord {
  return Object.hasOwn(EMPTY, word);
}

export function hasContextWords(text: string): boolean {
  return [...text.matchAll(PLACE)].some(([, double, single]) => isWord(double ?? single ?? ''));
}

/** As variables; what is empty is not set. */
export function contextVariables(context: FollowContext): Readonly<Record<string, string>> {
  return Object.fromEntries(CONTEXT_WORDS.flatMap((word) => (context[word] === '' ? [] : [[`CADENCE_${word.toUpperCase()}`, context[word]]])));
}
