import type { SchedulerKind } from '../core/time/schedule.ts';
import { type Check, fail, ok } from './check.ts';
import { LOOK_AT_DISK, shellWord } from './wording.ts';

export interface LogFolderDeps {
  readonly scheduler: SchedulerKind;
  readonly folder: string;
  /** As it really is; undefined: it is not there. */
  readonly realFolder: () => string | undefined;
  readonly home: string;
  readonly mayWrite: (folder: string) => boolean;
  readonly isReadOnly: (folder: string) => boolean;
  /** What lies where the log of today belongs, and is no file. */
  readonly inTheWay: () => string | undefined;
}

/** launchd opens the log before it starts the program, and where it cannot it starts nothing, with 78 as its only word. */
export function createLogFolderCheck({ scheduler, folder, realFolder, home, mayWrite, isReadOnly, inTheWay }: LogFolderDeps): Check {
  return {
    id: 'log-folder',
    title: 'Log folder',
    async inspect() {
      const real = realFolder();
      if (real === undefined) return scheduler === 'builtin' ? ok('it is made when it is needed') : fail(`${folder} is not there`, 'cadence-bus doctor --fix');
      if (!mayWrite(real))
        return fail(
          `${folder} may not be written by this user: what launchd or systemd starts would end without a word`,
          isReadOnly(real) ? LOOK_AT_DISK : `chmod u+rwx ${shellWord(folder)}`,
        );
      const obstacle = inTheWay();
      if (obstacle !== undefined)
        return fail(`${obstacle} is no file, so the owner works without its log`, `mv ${shellWord(obstacle)} ${shellWord(`${obstacle}.aside`)}`);
      if (scheduler !== 'launchd') return ok(folder);
      const elsewhere = `Move the root: mv it to a folder such as ${shellWord(`${home}/agents`)}, then cadence-bus install`;
      if (real.startsWith('/Volumes/')) return fail(`${real} is not on the boot volume: launchd starts nothing before that volume is there`, elsewhere);
      const kept = ['Desktop', 'Documents', 'Downloads'].find((name) => `${real}/`.startsWith(`${home}/${name}/`));
      return kept === undefined ? ok(folder) : fail(`launchd may not write into ~/${kept}, so it starts nothing whose log lies there`, elsewhere);
    },
  };
}
