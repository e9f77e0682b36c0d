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
  const untimed = unreadTimes(job);
  const keys = said({
    description: label === '' ? undefined : `${label}, from launchd`,
    run:
      command.length === 0 || untimed.length > 0
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
  return { tasks: [{ ...task, lost: [...leftOver(job, TAKEN, (key) => why[key] ?? 'there is no such key here'), ...nothing, ...untimed] }], lost: [] };
}

function scheduleOf(job: Fields): readonly string[] {
  const interval = secondsToText(job.StartInterval);
  return [...(interval === undefined ? [] : [`every ${interval}`]), ...calendarsOf(job).map((calendar) => cronOf(fieldsOf(calendar)))];
}

/** A field that is passed over would be every minute, or every hour, of it. */
function unreadTimes(job: Fields): readonly Loss[] {
  const unread = calendarsOf(job).flatMap((calendar) =>
    Object.entries(fieldsOf(calendar)).filter(([field, value]) => !FIELDS.includes(field) || !Number.isInteger(value)),
  );
  return unread.slice(0, 1).map(([field, value]) => ({
    key: 'StartCalendarInterval',
    because: `it says ${field} ${JSON.stringify(value)}, which is no field of time with a whole number; mend it there first`,
  }));
}

function calendarsOf({ StartCalendarInterval: calendars }: Fields): readonly unknown[] {
  if (Array.isArray(calendars)) return calendars;
  return calendars === undefined ? [] : [calendars];
}

const FIELDS: readonly string[] = ['Minute', 'Hour', 'Day', 'Month', 'Weekday'];

/** What is not named is every one of them, as in cron. */
function cronOf(calendar: Fields): string {
  return FIELDS.map((field) => (typeof calendar[field] === 'number' ? String(calendar[field]) : '*')).join(' ');
}
