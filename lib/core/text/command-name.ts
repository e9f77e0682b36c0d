import { cadenceNameFrom } from '../tick.ts';

/**
 * What a command is called that nobody has named: as its program. Where that is a shell or an interpreter it is called as what is
 * run with it, or all such lines of a crontab would be one job, and one that fails would hold the others.
 */
export function commandName(argv: readonly string[]): string | undefined {
  const [program = '', ...words] = argv;
  const own = baseOf(program);
  const isShell = SHELL.test(own);
  if (own === 'env') return commandName(words.filter((word) => !word.startsWith('-') && !/^\w+=/.test(word))) ?? cadenceNameFrom(own);
  if (!isShell && !INTERPRETER.test(own)) return cadenceNameFrom(withoutExtension(own));
  const at = words.findIndex((word, n) => isWhatRuns(word, words[n - 1], isShell));
  const [first = '', next = ''] = at < 0 ? [] : words.slice(at);
  return cadenceNameFrom(first.startsWith('-') ? next.replace(NUMBER, '-') : withoutExtension(baseOf(first))) ?? cadenceNameFrom(own);
}

/** A script, or the option in front of a text; not what an option before it is given (`bash -o pipefail -c`). */
function isWhatRuns(word: string, before: string | undefined, isShell: boolean): boolean {
  if (word.startsWith('-')) return (isShell ? SHELL_TEXT : CODE_OR_MODULE).test(word);
  return !(isShell ? SHELL_VALUE : VALUE).test(before ?? '');
}

const SHELL = /^(?:ba|da|z|k|a)?sh$/;
const INTERPRETER = /^(?:python[\d.]*|node|ruby|perl|php)$/;
/** `-c`, `-lc`: its text follows. */
const SHELL_TEXT = /^-[a-z]*c$/;
/** A text with the day in it is the same job on the next. */
const NUMBER = /\d{2,}(?:T\d{2,}Z?)?/g;
const CODE_OR_MODULE = /^-[cem]$/;
const SHELL_VALUE = /^[-+][a-z]*o$/;
const VALUE = /^(?:-[CIWXdr]|--(?:import|loader|require))$/;

function baseOf(program: string): string {
  return (program.split('/').at(-1) ?? '').toLowerCase();
}

function withoutExtension(file: string): string {
  return file.replace(/\.[a-z0-9]+$/, '');
}
