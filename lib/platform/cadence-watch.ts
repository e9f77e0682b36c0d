import { type FSWatcher, watch as watchInside } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { watch } from 'chokidar';
import type { Closeable } from '../ports.ts';
import { errnoOf } from './fault.ts';
import { folderAt } from './folder-identity.ts';

/** Editors write in several steps; what they do within this time is one change. */
const QUIET_MS = 50;
/** After so many events at once some may have been lost, and to look at everything is not dearer. */
const MANY = 1_000;

const OPTIONS = { depth: 0, followSymlinks: false, ignoreInitial: true, ignorePermissionErrors: true };

/**
 * Says which file of the folder of definitions has changed, or that anything may have (no path). A hint: the reader looks
 * for itself, and half a file heals with the event that follows.
 *
 * The folder may not be there yet, or may be replaced (`git checkout`, `mv`): chokidar, on its parent, sees to that. What happens
 * inside is told by one watch of the folder itself: chokidar would watch each file, and look at all of them after each edit.
 */
export function watchCadences(dir: string, onChange: (path?: string) => void, onTrouble: (error: Error) => void = () => onChange()): Closeable {
  const folder = resolve(dir);
  const parent = dirname(folder);
  const quiet = createQuiet(folder, onChange);
  let isClosed = false;
  let identity: string | undefined;
  let inside: FSWatcher | undefined;

  /** A watch stays with the folder that it began with, whatever bears its name now. */
  function arm(): void {
    const now = folderAt(folder);
    if (isClosed || now === identity) return;
    inside?.close();
    inside = now === undefined ? undefined : open();
    identity = inside === undefined ? undefined : now;
    // Before the watch began something may have changed.
    quiet.soon(folder);
  }

  /** undefined: the system refuses. It is tried again when something stirs beside it. */
  function open(): FSWatcher | undefined {
    try {
      const opened = watchInside(folder);
      opened.on('change', (_kind, name) => see(name === null ? undefined : name.toString()));
      opened.on('error', (error) => {
        identity = undefined;
        onTrouble(error);
      });
      return opened;
    } catch (thrown) {
      if (!(thrown instanceof Error) || errnoOf(thrown) === undefined) throw thrown;
      onTrouble(thrown);
      return undefined;
    }
  }

  function see(file: string | undefined): void {
    if (file === undefined) quiet.soon(folder);
    else if (isDefinition(file)) quiet.soon(join(folder, file));
    // A folder that was removed or replaced says so by its own name.
    if (file === undefined || file === basename(folder)) arm();
  }

  const beside = watch(parent, { ...OPTIONS, ignored: (path) => resolve(path) !== folder && resolve(path) !== parent });
  for (const event of ['all', 'raw'] as const) beside.on(event, arm);
  beside.on('ready', () => {
    arm();
    quiet.soon(folder);
  });
  beside.on('error', (error) => onTrouble(error instanceof Error ? error : new Error(String(error))));
  arm();

  return {
    close() {
      isClosed = true;
      quiet.close();
      inside?.close();
      // Its promise settles when the last handle is closed, which nobody waits for.
      beside.close().catch(onTrouble);
    },
  };
}

/** Says a path once it has been quiet for a moment, that of the folder as none; nothing more after `close`. */
function createQuiet(folder: string, say: (path?: string) => void): Closeable & { soon(path: string): void } {
  const timers = new Map<string, NodeJS.Timeout>();
  let isClosed = false;
  let events = 0;

  function clear(): void {
    for (const timer of timers.values()) clearTimeout(timer);
    timers.clear();
  }

  function fire(path: string): void {
    const isAll = path === folder || events > MANY;
    // Who looks at everything need not be told of the rest.
    if (isAll) clear();
    else timers.delete(path);
    if (timers.size === 0) events = 0;
    say(isAll ? undefined : path);
  }

  return {
    soon(path) {
      if (isClosed) return;
      events += 1;
      const isFlood = events > MANY;
      const of = isFlood ? folder : path;
      // One file that is written without a pause must not keep the others from being seen.
      if (isFlood && timers.has(folder)) return;
      clearTimeout(timers.get(of));
      timers.set(of, setTimeout(fire, QUIET_MS, of));
    },
    close() {
      isClosed = true;
      clear();
    },
  };
}

/** What is no definition is not even looked at: hidden files, and what editors leave beside a file while they save it. */
function isDefinition(file: string): boolean {
  return !file.startsWith('.') && !file.startsWith('#') && /\.(yaml|yml|md)$/i.test(file);
}
