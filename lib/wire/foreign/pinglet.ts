import {
  cadenceNameOf,
  type Fields,
  type ForeignFile,
  type ForeignTask,
  fieldsOf,
  type Loss,
  leftOver,
  listOf,
  misread,
  said,
  secondsToText,
  textOf,
  type ValueKind,
} from './foreign-task.ts';

const TASK_KEYS = ['command', 'name', 'args', 'working_dir', 'timeout', 'env', 'schedule', 'reliability', 'enabled', 'description', 'output'];
const KINDS: Readonly<Record<string, ValueKind>> = {
  ...({ command: 'text', name: 'text', args: 'list', working_dir: 'text', timeout: 'number', env: 'list', schedule: 'text' } as const),
  ...({ reliability: 'map', enabled: 'boolean', description: 'text', output: 'map' } as const),
};
const WHY: Readonly<Record<string, string>> = {
  on_failure: 'a failed run is retried and ends in dlq/; an answer by an agent is not carried over',
  on_diagnose: 'an answer by an agent is not carried over',
};
const FILE_WHY: Readonly<Record<string, string>> = {
  notifications: 'who is told stands in cadences/bus.yaml, such as notify: {slack: {token_env: SLACK_USER_TOKEN, channel: "…"}}',
  heartbeat: 'the bus finds missed slots by itself',
  healthcheck: 'what is due is known from schedule:, so no expected intervals are needed',
};

/** `config.yaml` of pinglet: `tasks.<id>`, with `reliability` for all of them. */
export function readPinglet(config: unknown): ForeignFile {
  const file = fieldsOf(config);
  const common = fieldsOf(file.reliability);
  const tasks = Object.entries(fieldsOf(file.tasks)).map(([id, task]) => readTask(id, fieldsOf(task), common));
  return { tasks, lost: leftOver(file, ['tasks', 'reliability'], (key) => FILE_WHY[key] ?? 'there is no such setting here') };
}

function readTask(id: string, task: Fields, common: Fields): ForeignTask {
  const program = textOf(task.command);
  const reliability = { ...common, ...fieldsOf(task.reliability) };
  const retry = { ...fieldsOf(common.retry), ...fieldsOf(fieldsOf(task.reliability).retry) };
  const env = listOf(task.env);
  const cwd = textOf(task.working_dir) ?? folderOf(program);
  const output = fieldsOf(task.output);
  // JSON that cannot be read is no failure there, nor is it under auto.
  const isData = output.format === 'json';
  const kind = isData ? 'auto' : undefined;
  const run =
    program === undefined ? undefined : said({ command: [program, ...listOf(task.args)], cwd, env: env.length === 0 ? undefined : env, output: kind });
  const isTold = typeof reliability.notify_on_recovery === 'boolean' ? reliability.notify_on_recovery : undefined;
  const lost: Loss[] = [
    ...misread(task, KINDS),
    ...leftOver(task, TASK_KEYS, (key) => WHY[key] ?? 'there is no such key here'),
    ...leftOver(fieldsOf(reliability), ['retry', 'notify_on_recovery'], (key) => (key === 'alert' ? 'alerts are set by notify:' : 'there is no such key here')),
    ...(isData || output.summary_template === undefined ? [] : [{ key: 'output.summary_template', because: 'it is filled from JSON, and the format is text' }]),
    ...(program === undefined ? [{ key: 'command', because: 'it has none, so there is nothing to run' }] : []),
  ];
  return {
    origin: id,
    name: cadenceNameOf(id),
    keys: said({
      description: textOf(task.description) ?? textOf(task.name),
      run,
      schedule: textOf(task.schedule),
      timeout: secondsToText(task.timeout) ?? '5m',
      // Silence ended nothing there.
      idle_timeout: 0,
      retry: readRetry(retry),
      summary: isData ? textOf(output.summary_template) : undefined,
      notify: isTold === undefined ? undefined : { on: isTold ? ['failure', 'recovery'] : ['failure'] },
      enabled: task.enabled === false ? false : undefined,
    }),
    comments: [],
    lost,
  };
}

/** A task ran in the folder of its program, where none was named. */
function folderOf(program: string | undefined): string | undefined {
  const slash = program?.lastIndexOf('/') ?? -1;
  return program === undefined || slash <= 0 ? undefined : program.slice(0, slash);
}

/** Three tries and their waits are what pinglet does where nothing is said. */
function readRetry(retry: Fields): Fields {
  const delays = Array.isArray(retry.delays_seconds) ? retry.delays_seconds.map((seconds) => secondsToText(seconds) ?? 0) : ['10s', '1m', '5m'];
  return {
    attempts: typeof retry.max_attempts === 'number' && retry.max_attempts >= 1 ? Math.floor(retry.max_attempts) : 3,
    delays,
    ...(typeof retry.jitter === 'number' ? { jitter: retry.jitter } : {}),
  };
}
