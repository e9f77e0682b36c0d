import {
  cadenceNameOf,
  type Fields,
  type ForeignFile,
  type ForeignTask,
  fieldsOf,
  type Loss,
  leftOver,
  listOf,
  said,
  secondsToText,
  textOf,
} from './foreign-task.ts';

const SHARED = [
  'type',
  'description',
  'schedule',
  'retry',
  'backoff_base',
  'required_env',
  'inputs',
  'outputs',
  'network',
  'destructive',
  'idle_timeout_seconds',
];
const COMMAND = ['command', 'args', 'success_exit_codes', 'env', 'cwd', 'timeout_seconds'];
const HOOK = 'hooks are not carried over; write them by hand where this version has them';
const WHY: Readonly<Record<string, string>> = {
  on_success: HOOK,
  on_failure: HOOK,
  on_complete: HOOK,
  notify: 'sinks are set in cadences/bus.yaml, and named by notify:',
  docket_bin: 'schedules run without it',
  schema: 'it is of another form; write the JSON Schema of the payload by hand',
  dry_run_args: 'a dry run says what would be run',
  dry_run_command: 'a dry run says what would be run',
  output_format: 'the output is kept as it is',
};
const FILE_WHY = 'state, logs and tasks lie under the agent root';

/** `~/.docket/config.yaml`: command tasks, and the built-in ones that are a command in the end. */
export function readDocket(config: unknown): ForeignFile {
  const file = fieldsOf(config);
  const tasks = Object.entries(fieldsOf(file.tasks)).map(([name, task]) => readTask(name, fieldsOf(task)));
  return { tasks, lost: leftOver(file, ['tasks'], () => FILE_WHY) };
}

function readTask(name: string, task: Fields): ForeignTask {
  const { run, taken, lost } = runOf(name, task);
  const attempts = typeof task.retry === 'number' && task.retry > 0 ? Math.floor(task.retry) + 1 : 1;
  const required = listOf(task.required_env);
  const keys = said({
    description: textOf(task.description),
    run,
    schedule: textOf(task.schedule),
    timeout: secondsToText(task.timeout_seconds) ?? 0,
    idle_timeout: task.idle_timeout_seconds === 0 || task.idle_timeout_seconds === null ? 0 : secondsToText(task.idle_timeout_seconds),
    retry: { attempts, ...(attempts > 1 ? { delays: backoff(task.backoff_base, attempts) } : {}) },
    required_env: required.length === 0 ? undefined : required,
    inputs: wordsOf(task.inputs),
    outputs: wordsOf(task.outputs),
    network: typeof task.network === 'boolean' ? task.network : undefined,
    destructive: typeof task.destructive === 'boolean' ? task.destructive : undefined,
  });
  return {
    origin: name,
    name: cadenceNameOf(name),
    keys,
    comments: [],
    lost: [...leftOver(task, [...SHARED, ...taken], (key) => WHY[key] ?? 'there is no such key here'), ...lost],
  };
}

interface FoundRun {
  readonly run: Fields | undefined;
  readonly taken: readonly string[];
  readonly lost: readonly Loss[];
}

function runOf(name: string, task: Fields): FoundRun {
  const { command } = task;
  if (typeof command === 'string' || Array.isArray(command)) {
    const words = [...(typeof command === 'string' ? [command] : listOf(command)), ...listOf(task.args)];
    const codes = Array.isArray(task.success_exit_codes) ? task.success_exit_codes : undefined;
    return {
      run: said({ command: typeof command === 'string' && words.length === 1 ? command : words, cwd: textOf(task.cwd), env: envOf(task.env), ok_codes: codes }),
      taken: COMMAND,
      lost: [],
    };
  }
  if (name === 'backup' || textOf(task.tool) !== undefined) return backupOf(task);
  if (name === 'hbackup')
    return { run: { command: [textOf(task.hbackup_bin) ?? 'hbackup', textOf(task.action) ?? 'backup'] }, taken: ['hbackup_bin', 'action'], lost: [] };
  return { run: undefined, taken: [], lost: [{ key: 'command', because: 'it is a Python task; give it a command line of its own and import that' }] };
}

function backupOf(task: Fields): FoundRun {
  const [source, remote, tool] = [textOf(task.source), textOf(task.remote), textOf(task.tool) ?? 'rclone'];
  const extra = listOf(task.extra_args);
  const taken = ['source', 'remote', 'tool', 'extra_args', 'hbackup_bin', 'hbackup_command'];
  if (tool === 'hbackup') return { run: { command: [textOf(task.hbackup_bin) ?? 'hbackup', textOf(task.hbackup_command) ?? 'backup'] }, taken, lost: [] };
  if (source === undefined || remote === undefined) return { run: undefined, taken, lost: [{ key: 'source', because: 'a backup needs source and remote' }] };
  const command = tool === 'rsync' ? ['rsync', '-a', '--delete', ...extra, source, remote] : [tool, 'sync', source, remote, ...extra];
  return { run: { command }, taken, lost: [] };
}

/** `backoff_base ** attempt` seconds. */
function backoff(base: unknown, attempts: number): readonly string[] {
  const factor = typeof base === 'number' && base > 0 ? base : 2;
  return Array.from({ length: Math.min(attempts - 1, 10) }, (_, index) => secondsToText(Math.max(1, Math.round(factor ** (index + 1)))) ?? '1s');
}

function envOf(env: unknown): Fields | undefined {
  const pairs = Object.entries(fieldsOf(env)).filter(([, value]) => value !== null && typeof value !== 'object');
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs.map(([name, value]) => [name, String(value)]));
}

function wordsOf(value: unknown): Fields | undefined {
  const pairs = Object.entries(fieldsOf(value));
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs.map(([name, about]) => [name, String(about)]));
}
