import type { YamlEdit } from '../../config/definition-edit.ts';
import { CadenceError } from '../../core/error.ts';
import { splitCommand } from '../../wire/command-words.ts';
import { readYaml } from '../../wire/yaml-source.ts';

/** What the words of a command line say about the keys of a definition. */
export interface KeyWords {
  readonly description?: string | undefined;
  readonly command?: string | undefined;
  /** The words behind `--`: a program and its arguments. */
  readonly argv?: readonly string[] | undefined;
  readonly cwd?: string | undefined;
  readonly env?: readonly string[];
  readonly schedule?: string | undefined;
  readonly timeout?: string | undefined;
  /** `key=value`, the key with dots, the value as YAML. */
  readonly set?: readonly string[];
  readonly unset?: readonly string[];
}

/** In the order in which a reader of the file would want them. */
export function editsOf(words: KeyWords): readonly YamlEdit[] {
  const { description, command, argv, cwd, env = [], schedule, timeout, set = [], unset = [] } = words;
  const one = (key: string, value: string | undefined): YamlEdit[] => (value === undefined ? [] : [{ path: keyPath(key), value }]);
  return [
    ...one('description', description),
    ...(command === undefined ? [] : commandEdits(command)),
    ...(argv === undefined || argv.length === 0 ? [] : [{ path: keyPath('run.command'), value: argv }]),
    ...one('run.cwd', cwd),
    ...(env.length === 0 ? [] : [{ path: keyPath('run.env'), value: envOf(env) }]),
    ...one('schedule', schedule),
    ...one('timeout', timeout),
    ...set.map(setEdit),
    ...unset.map((key): YamlEdit => ({ path: keyPath(key), value: undefined })),
  ];
}

/** As a list where splitting is all that a shell would do with it, else as a line for the shell. */
function commandEdits(command: string): readonly YamlEdit[] {
  const split = splitCommand(command);
  if (split.kind === 'words')
    return [
      { path: ['run', 'command'], value: split.words },
      { path: ['run', 'shell'], value: undefined },
    ];
  return [
    { path: ['run', 'command'], value: command },
    { path: ['run', 'shell'], value: true },
  ];
}

/** `NAME` is passed through, `NAME=value` is given. */
function envOf(given: readonly string[]): readonly unknown[] {
  return given.map((one) => {
    const at = one.indexOf('=');
    return at < 0 ? one : { [one.slice(0, at)]: one.slice(at + 1) };
  });
}

function setEdit(given: string): YamlEdit {
  const at = given.indexOf('=');
  if (at <= 0)
    throw new CadenceError(
      'usage',
      `--set ${given.slice(0, 80)} has no value`,
      'Write --set key=value, for example --set timeout=10m or --set retry.attempts=3.',
    );
  return { path: keyPath(given.slice(0, at)), value: readValue(given.slice(at + 1)) };
}

function keyPath(key: string): YamlEdit['path'] {
  const [first, ...rest] = key.split('.');
  if (first === undefined || [first, ...rest].some((part) => part.trim() === ''))
    throw new CadenceError('usage', `"${key.slice(0, 80)}" is no key`, 'A key looks like timeout or retry.attempts; see cadence-bus schema cadence.');
  return [first, ...rest];
}

/** What is no YAML is text: a cron line begins with what YAML takes for an alias. A number is one only if nothing of it is lost. */
function readValue(given: string): unknown {
  const { isSound, value, problems } = readYaml(given);
  if (!isSound || problems.length > 0 || value === null) return given === 'null' || given === '~' ? null : given;
  return typeof value === 'number' && String(value) !== given.trim() ? given : value;
}
