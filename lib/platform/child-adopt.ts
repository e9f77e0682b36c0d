import { CadenceError } from '../core/error.ts';
import type { Ms } from '../core/time/instant.ts';
import type { ChildExit, Clock, Closeable, Files } from '../ports.ts';
import { NAMED_EXIT, parseExitFile, parsePidFile } from './child-shim.ts';
import { areAlive, type LifeWatch } from './life-watch.ts';
import type { ProcessEntry, ProcessTable } from './process-table.ts';

/**
 * The child of an earlier owner, known by what lies in its run folder. The shim is the one to follow: while it lives, an
 * exit code will come. A pid is believed only together with the start that was written down (`start`), or with a command
 * line that names this very run folder, or with the run's tag: a machine that was restarted has given the pid to others.
 */
export interface RunFolder {
  readonly runId: string;
  readonly runDir: string;
}

export interface AdoptDeps {
  readonly clock: Clock;
  readonly files: Files;
  readonly table: ProcessTable;
  readonly identityOf: (pid: number) => string | undefined;
  readonly lives: LifeWatch;
}

export interface Found {
  /** The process to follow; undefined: nobody of this run is alive. */
  readonly anchor: ProcessEntry | undefined;
  readonly shimPid: number | undefined;
}

/** The shim may be on its way from its last wait to its last line, or from its fork to its first. */
const LAST_WORD_MS: Ms = 200;

export function readExit(files: Files, runDir: string): number | undefined {
  return parseExitFile(readSmall(files, `${runDir}/exit`)) ?? namedExit(files, runDir);
}

/** When the exit code was written down, which is when the child ended. */
export function exitedMs(files: Files, runDir: string): Ms | undefined {
  const exit = files.info(`${runDir}/exit`);
  return exit === undefined ? undefined : Math.round(exit.mtimeMs);
}

function namedExit(files: Files, runDir: string): number | undefined {
  for (const name of listSmall(files, runDir)) {
    const code = NAMED_EXIT.exec(name)?.[1];
    if (code !== undefined) return Number(code);
  }
  return undefined;
}

/** For the next owner, where nobody else has written it. Without room even for a name the run is found interrupted. */
export function writeExit(files: Files, runDir: string, code: number): void {
  if (readExit(files, runDir) !== undefined) return;
  const isWritten = (name: string, text: string): boolean => {
    try {
      return files.create(`${runDir}/${name}`, text);
    } catch (error) {
      if (error instanceof CadenceError) return false;
      throw error;
    }
  };
  if (!isWritten('exit', `${code}\n`)) isWritten(`exit.${code}`, '');
}

export function readProgramPid(files: Files, runDir: string): number | undefined {
  return parsePidFile(readSmall(files, `${runDir}/pid`));
}

export interface ShimRecord {
  readonly pid: number;
  readonly identity: string;
  /** It has had other runs, whose daemons may live on in its group. */
  readonly isShared: boolean;
}

/** `<pid> <identity>` of the shim, for the next owner. */
export function formatStart({ pid, identity, isShared }: ShimRecord): string {
  return `${pid} ${identity}${isShared ? SHARED : ''}\n`;
}

const SHARED = ' shared';

export function readStart(files: Files, runDir: string): ShimRecord | undefined {
  const found = /^(\d{1,10}) (.+)\n$/.exec(readSmall(files, `${runDir}/start`));
  if (found === null) return undefined;
  const [pid, rest] = [Number(found[1]), found[2] as string];
  return rest.endsWith(SHARED) ? { pid, identity: rest.slice(0, -SHARED.length), isShared: true } : { pid, identity: rest, isShared: false };
}

export async function findRun(deps: AdoptDeps, folder: RunFolder): Promise<Found> {
  const recorded = readStart(deps.files, folder.runDir);
  if (recorded !== undefined && deps.identityOf(recorded.pid) === recorded.identity) return follow(await deps.table.among([recorded.pid]), recorded.pid);
  const program = readProgramPid(deps.files, folder.runDir);
  const all = (await deps.table.all()).filter((entry) => entry.state !== 'zombie' && entry.pid !== process.pid);
  const shim = await findShim(deps, folder, all, program);
  if (shim !== undefined) return { anchor: shim, shimPid: shim.pid };
  const tagged = await deps.table.tagged(
    folder.runId,
    all.map((entry) => entry.pid),
  );
  return follow(
    all.filter((entry) => tagged.has(entry.pid) && (program === undefined || entry.pid === program)),
    undefined,
  );
}

function follow(entries: readonly ProcessEntry[], shimPid: number | undefined): Found {
  const anchor = entries.find((entry) => entry.state !== 'zombie');
  return { anchor, shimPid: anchor === undefined ? undefined : shimPid };
}

/** The program's parent, if its command line names the run folder; without a pid file, whoever's does and leads its group. */
async function findShim(deps: AdoptDeps, folder: RunFolder, all: readonly ProcessEntry[], program: number | undefined): Promise<ProcessEntry | undefined> {
  const parent = all.find((entry) => entry.pid === program)?.parent;
  const leaders = all.filter((entry) => (program === undefined ? entry.pid === entry.group : entry.pid === parent));
  const commands = await deps.table.commands(leaders.map(({ pid }) => pid));
  return leaders.find((entry) => ` ${commands.get(entry.pid)} `.includes(` ${folder.runDir} `));
}

/** Resolves with the exit code once there is one; undefined: whoever could have written it is gone. */
export function followRun(deps: AdoptDeps, folder: RunFolder, anchor: ProcessEntry | undefined): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    let rest: Closeable | undefined;
    const watch = deps.files.watch(folder.runDir, () => conclude(readExit(deps.files, folder.runDir)));
    const close = (): void => {
      isOver = true;
      watch.close();
      rest?.close();
    };
    const conclude = (code: number | undefined, isDead = false): boolean => {
      if (!isOver && (code !== undefined || isDead)) {
        close();
        resolve(code);
      }
      return isOver;
    };
    const fail = (error: unknown): void => {
      close();
      reject(error);
    };
    // As long as the shim lives there is no last word; and whoever follows the program alone waits for none.
    const wait = (followed: ProcessEntry): void => {
      rest = deps.lives.atNextRound(followed, (isAlive) => (isAlive ? wait(followed) : see(false)), fail);
    };
    // Death is believed when it is seen twice, the exit file being read after each look.
    const see = (isAlive: boolean, wasDead = false): void => {
      try {
        if (conclude(readExit(deps.files, folder.runDir), !isAlive && wasDead)) return;
        if (isAlive && anchor !== undefined) wait(anchor);
        else rest = deps.clock.after(LAST_WORD_MS, () => look(true));
      } catch (error) {
        fail(error);
      }
    };
    const look = (wasDead: boolean): void => {
      areAlive(deps.table, anchor === undefined ? [] : [anchor]).then(([isAlive = false]) => see(isAlive, wasDead), fail);
    };
    look(false);
  });
}

export function asExit(code: number | undefined): ChildExit {
  return { code: code ?? null, signal: null, spawnError: null, lost: code === undefined };
}

function listSmall(files: Files, dir: string): readonly string[] {
  try {
    return files.list(dir);
  } catch (error) {
    if (error instanceof CadenceError) return [];
    throw error;
  }
}

/** '' where there is nothing, or nothing that can be read now: the next look may be luckier. */
function readSmall(files: Files, path: string): string {
  try {
    const found = files.read(path, 256);
    return found?.kind === 'text' ? found.text : '';
  } catch (error) {
    if (error instanceof CadenceError) return '';
    throw error;
  }
}
