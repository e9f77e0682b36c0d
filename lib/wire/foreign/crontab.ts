import { splitCommand } from '../command-words.ts';
import { cadenceNameOf, type ForeignFile, type ForeignTask, type Loss, said } from './foreign-task.ts';

const ASSIGNMENT = /^\s*([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/;
const NICKNAME = /^\s*(@\w+)\s+(.+)$/;
const FIVE = /^\s*(\S+\s+\S+\s+\S+\s+\S+\s+\S+)\s+(.+)$/;
/** Variables before a command. */
const ASSIGNED = /^(?:\w+=\S*\s+)+/;
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
  const [command = '', ...input] = raw.split(/(?<!\\)%/).map((part) => part.replaceAll('\\%', '%'));
  const line = command.trim();
  const { timezone, ...vars } = { timezone: env.CRON_TZ ?? env.TZ, ...env };
  delete (vars as Record<string, string>).CRON_TZ;
  const split = splitCommand(line);
  const isPlain = split.kind === 'words';
  // `cd somewhere && program`: the program gives the name.
  const program =
    (isPlain
      ? split.words[0]
      : line
          .replace(ASSIGNED, '')
          .replace(/^\s*cd\s+[^&;|]+(?:&&|;)\s*/, '')
          .split(/[\s;&|()<>]/)[0]) ?? '';
  return {
    origin: where,
    name: cadenceNameOf((program.split('/').at(-1) ?? '').replace(/\.\w+$/, '')),
    keys: said({
      description: comments.at(-1),
      run: said({ command: isPlain ? split.words : line, shell: isPlain ? undefined : true, cwd: '~', env: Object.keys(vars).length === 0 ? undefined : vars }),
      schedule,
      timezone,
      timeout: 0,
      retry: { attempts: 1 },
    }),
    comments,
    lost: input.length === 0 ? [] : [{ key: `${where}, %`, because: 'the standard input behind % is not carried over; put it into a file' }],
  };
}
