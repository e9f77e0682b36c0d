import { basename, dirname, join, resolve } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import type { Closeable } from '../ports.ts';
import { folderAt } from './folder-identity.ts';

/** Editors write in several steps; what they do within this time is one change. */
const QUIET_MS = 50;

const OPTIONS = { atomic: true, depth: 1, followSymlinks: false, ignoreInitial: true, ignorePermissionErrors: true };

/**
 * Says which file of the folder of definitions has changed, or that anything may have (no path). A hint: the reader looks
 * for itself, and half a file heals with the event that follows.
 *
 * The parent is watched too, for the folder may not be there yet, or may be replaced (`git checkout`, `mv`).
 */
export function watchCadences(dir: string, onChange: (path?: string) => void, onTrouble: (error: Error) => void = () => onChange()): Closeable {
  const folder = resolve(dir);
  const parent = dirname(folder);
  const quiet = createQuiet((path) => onChange(path === folder ? undefined : path));
  let isClosed = false;
  let identity = folderAt(folder);
  let watcher = arm();

  function arm(): FSWatcher {
    const armed = watch(parent, { ...OPTIONS, ignored: (path) => !isWatched(folder, resolve(path)) });
    armed.on('all', (event, path) => {
      const at = resolve(path);
      if (at !== parent) quiet.soon(event === 'addDir' || event === 'unlinkDir' ? folder : at);
    });
    armed.on('raw', rearmIfReplaced);
    // Between the caller's first look and here something may have changed.
    armed.on('ready', () => quiet.soon(folder));
    armed.on('error', (error) => onTrouble(error instanceof Error ? error : new Error(String(error))));
    return armed;
  }

  /** Where one folder takes the place of another at once, chokidar goes on watching the one that was moved away. */
  function rearmIfReplaced(): void {
    const now = folderAt(folder);
    if (isClosed || now === undefined || now === identity) return;
    const isReplaced = identity !== undefined;
    identity = now;
    if (!isReplaced) return;
    end(watcher);
    watcher = arm();
  }

  /** Its promise settles when the last handle is closed, which nobody waits for. */
  function end(old: FSWatcher): void {
    old.removeAllListeners('all').removeAllListeners('raw').removeAllListeners('ready');
    old.close().catch(onTrouble);
  }

  return {
    close() {
      isClosed = true;
      quiet.close();
      end(watcher);
    },
  };
}

/** Says a path once it has been quiet for a moment; nothing more after `close`. */
function createQuiet(say: (path: string) => void): Closeable & { soon(path: string): void } {
  const timers = new Map<string, NodeJS.Timeout>();
  let isClosed = false;
  return {
    soon(path) {
      if (isClosed) return;
      clearTimeout(timers.get(path));
      const fire = () => {
        timers.delete(path);
        say(path);
      };
      timers.set(path, setTimeout(fire, QUIET_MS));
    },
    close() {
      isClosed = true;
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
}

/** What is no definition is not even looked at: hidden files, and what editors leave beside a file while they save it. */
function isWatched(folder: string, path: string): boolean {
  if (path === folder || path === dirname(folder)) return true;
  const file = basename(path);
  return path === join(folder, file) && !file.startsWith('.') && !file.startsWith('#') && /\.(yaml|yml|md)$/i.test(file);
}
