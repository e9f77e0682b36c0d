import { OUTPUT_KINDS } from '../../core/output.ts';
import { FOLLOW_UP_KEYS, readFollowUps } from './follow-ups.ts';
import {
  cadenceNameOf,
  type Fields,
  type ForeignFile,
  type ForeignTask,
  fieldsOf,
  type Loss,
  leftOver,
  listOf,
  literal,
  misread,
  said,
  secondsToText,
  textOf,
  type ValueKind,
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
const COMMAND = ['command', 'args', 'success_exit_codes', 'env', 'cwd', 'timeout_seconds', 'output_format', 'dry_run_args', 'dry_run_command'];
const KINDS: Readonly<Record<string, ValueKind>> = {
  ...({ description: 'text', schedule: 'text', retry: 'number', backoff_base: 'number', required_env: 'list', inputs: 'map', outputs: 'map' } as const),
  ...({ network: 'boolean', destructive: 'boolean', idle_timeout_seconds: 'number', args: 'list', success_exit_codes: 'list', env: 'map' } as const),
  ...({ cwd: 'text', timeout_seconds: 'number', output_format: 'text', dry_run_args: 'list' } as const),
};
const WHY: Readonly<Record<string, string>> = {
  docket_bin: 'schedules run without it',
  schema: 'it is of another form; write the JSON Schema of the payload by hand',
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
  const followUps = readFollowUps(task);
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
    ...followUps.keys,
  });
  return {
    origin: name,
    name: cadenceNameOf(name),
    keys,
    comments: [],
    lost: [
      ...misread(task, KINDS),
      ...leftOver(task, [...SHARED, ...FOLLOW_UP_KEYS, ...taken], (key) => WHY[key] ?? 'there is no such key here'),
      ...followUps.lost,
      ...lost,
    ],
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
    const { dry_run_command: dryCommand } = task;
    const args = listOf(task.args);
    const dryArgs = Array.isArray(task.dry_run_args) ? listOf(task.dry_run_args) : undefined;
    const words = [...(typeof command === 'string' ? [command] : listOf(command)), ...(dryArgs === undefined ? args : [])];
    const codes = Array.isArray(task.success_exit_codes) ? task.success_exit_codes : undefined;
    return {
      run: said({
        // What stands for `args` in a dry run stands behind the command.
        command: typeof command === 'string' && args.length === 0 && dryArgs === undefined ? command : words,
        args: dryArgs === undefined || args.length === 0 ? undefined : args,
        dry_run_args: dryArgs,
        dry_run_command: typeof dryCommand === 'string' || Array.isArray(dryCommand) ? dryCommand : undefined,
        output: OUTPUT_KINDS.find((kind) => kind === task.output_format),
        cwd: textOf(task.cwd),
        env: envOf(task.env),
        ok_codes: codes,
      }),
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
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs.map(([name, value]) => [name, literal(String(value))]));
}

function wordsOf(value: unknown): Fields | undefined {
  const pairs = Object.entries(fieldsOf(value));
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs.map(([name, about]) => [name, String(about)]));
}
