import { pathsOf } from '../../core/paths.ts';
import { shellWord } from '../../core/text/shell-word.ts';
import { createFiles } from '../../platform/files.ts';
import { readMachine } from '../../platform/machine.ts';
import { findPrograms, servicePath } from './place.ts';

/** With the scheduler of the owner's own, nobody starts the owner but the user: the line for a crontab that does it at every boot. */
export function crontabLine(root: string): string {
  const { env, home } = readMachine();
  const { node, program } = findPrograms(createFiles(), import.meta.dirname, process.execPath, home);
  const path = servicePath(node, env.PATH ?? '', env.TMPDIR ?? '/tmp');
  const { logs } = pathsOf(root);
  const start = `PATH=${shellWord(path)} ${shellWord(node)} ${shellWord(program)} start --json --root ${shellWord(root)}`;
  // Where no owner has run yet there is no folder for the log, and a shell that cannot open it starts nothing.
  const line = `@reboot mkdir -m 700 -p ${shellWord(logs)}; ${start} >/dev/null 2>>${shellWord(`${logs}/owner.err`)}`;
  // To cron a bare % is the end of the line.
  return line.replaceAll('%', '\\%');
}
