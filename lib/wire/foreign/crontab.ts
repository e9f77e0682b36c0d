import { splitCommand } from '../command-words.ts';
import { cadenceNameOf, type ForeignFile, type ForeignTask, type Loss, literal, said } from './foreign-task.ts';

const ASSIGNMENT = /^\s*([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/;
const NICKNAME = /^\s*(@\w+)\s+(.+)$/;
const FIVE = /^\s*(\S+\s+\S+\s+\S+\s+\S+\s+\S+)\s+(.+)$/;
/** What may stand before the program: variables, a change of the folder, `exec`. */
const BEFORE = /^\s*(?:(?:\w+=\S*|exec)\s+|cd\s+[^&;|]+(?:&&|;)\s*)+/;
/** A backslash guards what follows it, so the % of `\\%` is bare. */
const UNTIL_PERCENT = /^(?:\\[\s\S]?|[^\\%])*/;
/** A field of time and not the beginning of a command. */
const TIME = /^[\d*/,\-a-zA-Z?#L]+(?:\s+[\d*/,\-a-zA-Z?#L]+){4}$/;

/**
 * A user's crontab (`crontab -l`): five fields or a nickname, and a line for /bin/sh. Variables hold for the lines below
 * them, comments for the line they stand right above.
 */
export function readCrontab(text: string): ForeignFile {
  const tasks: ForeignTask[] = [];
  const lost: Loss[] = [];
  const env: Record<string, string> = {};
  let comments: string[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const where = `line ${index + 1}`;
    if (line.trim() === '') comments = [];
    else if (/^\s*#/.test(line)) comments.push(line.replace(/^\s*#\s?/, ''));
    else if (ASSIGNMENT.test(line)) lost.push(...assign(env, ASSIGNMENT.exec(line)?.[1] ?? '', ASSIGNMENT.exec(line)?.[2] ?? '', where));
    else {
      const [, when, command] = NICKNAME.exec(line) ?? FIVE.exec(line) ?? [];
      if (when === undefined || command === undefined || !(when.startsWith('@') || TIME.test(when)))
        lost.push({ key: where, because: 'it is no line of a crontab that can be read' });
      else if (when === '@reboot') lost.push({ key: where, because: 'there is no "at boot": let the system start the bus, which catches up' });
      else tasks.push(taskOf(where, when.replace(/\s+/g, ' '), command, { ...env }, comments));
      comments = [];
    }
  }
  return { tasks, lost };
}

function assign(env: Record<string, string>, name: string, quoted: string, where: string): readonly Loss[] {
  const value = /^(["'])(.*)\1$/.exec(quoted)?.[2] ?? quoted;
  if (name === 'MAILTO')
    return [{ key: `${where}, MAILTO`, because: 'nothing is mailed: the output is kept, and failures go to the sinks of cadences/bus.yaml' }];
  if (name === 'SHELL')
    return value === '/bin/sh' ? [] : [{ key: `${where}, SHELL`, because: `lines are run by /bin/sh; where ${value} is needed, call it in the line` }];
  env[name] = value;
  return [];
}

function taskOf(where: string, schedule: string, raw: string, env: Readonly<Record<string, string>>, comments: readonly string[]): ForeignTask {
  // A bare % ends the line and begins the standard input.
  const [command = ''] = UNTIL_PERCENT.exec(raw) ?? [];
  const line = command.replaceAll(/\\([\s\S])/g, (pair, char) => (char === '%' ? '%' : pair)).trim();
  // TZ is a variable of the command like any other; when it runs is told by CRON_TZ alone.
  const { CRON_TZ: timezone, ...vars } = env;
  const split = splitCommand(line);
  const isPlain = split.kind === 'words';
  // `cd somewhere && program`: the program gives the name.
  const program = (isPlain ? split.words[0] : line.replace(BEFORE, '').split(/[\s;&|()<>]/)[0]) ?? '';
  const name = cadenceNameOf((program.split('/').at(-1) ?? '').replace(/\.\w+$/, ''));
  const because = whyNot(program, line);
  if (because !== undefined) return { origin: where, name, keys: {}, comments, lost: [{ key: where, because }] };
  return {
    origin: where,
    name,
    keys: said({
      description: comments.at(-1),
      // cron begins in what it takes for HOME.
      run: said({
        command: isPlain ? split.words : line,
        shell: isPlain ? undefined : true,
        cwd: env.HOME ?? '~',
        env: Object.keys(vars).length === 0 ? undefined : Object.fromEntries(Object.entries(vars).map(([name, value]) => [name, literal(value)])),
      }),
      schedule,
      timezone,
      timeout: 0,
      idle_timeout: 0,
      retry: { attempts: 1 },
    }),
    comments,
    lost: command === raw ? [] : [{ key: `${where}, %`, because: 'the standard input behind % is not carried over; put it into a file' }],
  };
}

/** What would not do as a cadence what it does now; a run that waits for another one can keep that from its place for ever. */
function whyNot(program: string, line: string): string | undefined {
  const isOurs = /(?:^|\/)cadence-bus$|\/bin\/enqueue$/.test(program) || /^npx\s.*\bcadence-bus\b/.test(line);
  if (isOurs) return 'it calls cadence-bus already: leave it in the crontab';
  if (program === 'root' && line !== program) return 'root is no program: in the crontab of the system a user stands there; take that field out';
  return undefined;
}
