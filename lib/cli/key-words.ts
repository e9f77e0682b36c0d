import type { KeyWords } from '../app/definitions/edits.ts';
import type { FlagSpec, Flags } from './command.ts';

/** Flags that stand for keys of a definition; `new` and `edit` have them in common. */
export const KEY_FLAGS: readonly FlagSpec[] = [
  { name: 'description', value: 'TEXT', summary: 'what it is for, in one line' },
  { name: 'command', value: '"./x.sh --flag"', summary: 'the program and its arguments; a line with | > && or $ is run by a shell' },
  { name: 'schedule', value: 'SPEC', summary: 'when it is due' },
  { name: 'timeout', value: '10m', summary: 'the longest a run may take' },
  { name: 'cwd', value: 'DIR', summary: 'the folder to run in' },
  { name: 'env', value: 'NAME[=value]', isRepeatable: true, summary: 'a variable to pass through, or to give' },
  { name: 'set', value: 'key=value', isRepeatable: true, summary: 'any other key, such as retry.attempts=3; the value is YAML' },
];

export function keyWords(flags: Flags): KeyWords {
  const [description, command, schedule, timeout, cwd] = ['description', 'command', 'schedule', 'timeout', 'cwd'].map((name) => flags.text(name));
  return { description, command, schedule, timeout, cwd, env: flags.texts('env'), set: flags.texts('set') };
}

/** Whether any of them was said. */
export function hasKeyWords(flags: Flags): boolean {
  return KEY_FLAGS.some(({ name, isRepeatable }) => (isRepeatable === true ? flags.texts(name).length > 0 : flags.text(name) !== undefined));
}
