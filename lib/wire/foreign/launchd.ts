import { cadenceNameOf, type Fields, type ForeignFile, fieldsOf, type Loss, leftOver, listOf, literal, said, secondsToText, textOf } from './foreign-task.ts';
import { readPlist } from './plist.ts';

const TAKEN = [
  'Label',
  'Program',
  'ProgramArguments',
  'WorkingDirectory',
  'EnvironmentVariables',
  'StartInterval',
  'StartCalendarInterval',
  'Disabled',
  'ExitTimeOut',
];
const OUTPUT = 'the output of every run is kept under logs/cadence-bus/';
const WHY: Readonly<Record<string, string>> = {
  StandardOutPath: OUTPUT,
  StandardErrorPath: OUTPUT,
  RunAtLoad: 'a slot that passed meanwhile is caught up; for once now use cadence-bus enqueue',
  KeepAlive: 'a run ends, and the next tick starts the next one',
  ThrottleInterval: 'the waits between tries are retry.delays',
  WatchPaths: 'a change of a file starts nothing here; let a script run bin/enqueue',
  QueueDirectories: 'a change of a folder starts nothing here; let a script run bin/enqueue',
  UserName: 'runs are those of the user who runs the bus',
  GroupName: 'runs are those of the user who runs the bus',
};

/** The same where it has no schedule, so that no tick comes by itself. */
const WHY_UNSCHEDULED: Readonly<Record<string, string>> = {
  RunAtLoad: 'nothing starts it at a boot: give it a schedule, or leave it with launchd',
  KeepAlive: 'nothing starts it again when it has ended: give it a schedule, or leave it with launchd',
};

/** A launchd agent or daemon, as XML. */
export function readLaunchd(text: string): ForeignFile {
  const job = fieldsOf(readPlist(text));
  const label = textOf(job.Label) ?? '';
  const words = listOf(job.ProgramArguments);
  const program = textOf(job.Program);
  // Program is what is run; the first of ProgramArguments is only what it is called then.
  const command = program === undefined ? words : [program, ...words.slice(1)];
  const env = Object.entries(fieldsOf(job.EnvironmentVariables)).map(([name, value]) => [name, literal(String(value))] as const);
  const lines = scheduleOf(job);
  const keys = said({
    description: label === '' ? undefined : `${label}, from launchd`,
    run:
      command.length === 0
        ? undefined
        : said({ command, cwd: textOf(job.WorkingDirectory) ?? '/', env: env.length === 0 ? undefined : Object.fromEntries(env) }),
    schedule: lines.length === 0 ? undefined : lines.length === 1 ? lines[0] : lines,
    timeout: 0,
    idle_timeout: 0,
    kill_grace: secondsToText(job.ExitTimeOut),
    retry: { attempts: 1 },
    enabled: job.Disabled === true ? false : undefined,
  });
  const why = lines.length === 0 ? { ...WHY, ...WHY_UNSCHEDULED } : WHY;
  const nothing: readonly Loss[] = command.length === 0 ? [{ key: 'ProgramArguments', because: 'there is none, so there is nothing to run' }] : [];
  const task = { origin: label, name: cadenceNameOf(label.replace(/^(?:com|org|net|io|local)\.(?:[^.]+\.)?(?=.)/, '')), keys, comments: [] };
  return { tasks: [{ ...task, lost: [...leftOver(job, TAKEN, (key) => why[key] ?? 'there is no such key here'), ...nothing] }], lost: [] };
}

function scheduleOf(job: Fields): readonly string[] {
  const interval = secondsToText(job.StartInterval);
  const calendars = Array.isArray(job.StartCalendarInterval)
    ? job.StartCalendarInterval
    : job.StartCalendarInterval === undefined
      ? []
      : [job.StartCalendarInterval];
  return [...(interval === undefined ? [] : [`every ${interval}`]), ...calendars.map((calendar) => cronOf(fieldsOf(calendar)))];
}

/** What is not named is every one of them, as in cron. */
function cronOf(calendar: Fields): string {
  return ['Minute', 'Hour', 'Day', 'Month', 'Weekday'].map((field) => (typeof calendar[field] === 'number' ? String(calendar[field]) : '*')).join(' ');
}
