import { type FSWatcher, watch } from 'node:fs';
import { basename } from 'node:path';
import type { Closeable } from '../ports.ts';
import { errnoOf } from './fault.ts';
import { folderAt } from './folder-identity.ts';
import { isOwnMove } from './own-moves.ts';

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;

/**
 * `fs.watch` as a hint. It costs nothing while it works; once the system refuses it (no folder, no watches left) it is
 * tried again, more and more rarely, and every new watch begins with a hint, for what happened in between was not seen.
 */
export function watchFolder(dir: string, onChange: (name?: string) => void): Closeable {
  let watcher: FSWatcher | undefined;
  let identity: string | undefined;
  let retryMs = FIRST_RETRY_MS;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  function arm(): boolean {
    try {
      watcher = watch(dir);
      identity = folderAt(dir);
    } catch (thrown) {
      if (errnoOf(thrown) === undefined) throw thrown;
      disarm();
      return false;
    }
    watcher.on('change', (_kind, name) => see(name === null ? '' : name.toString()));
    watcher.on('error', rearm);
    retryMs = FIRST_RETRY_MS;
    return true;
  }

  function disarm(): void {
    watcher?.close();
    watcher = undefined;
  }

  function see(name: string): void {
    if (isClosed) return;
    // A folder that was removed or replaced says so by its own name, once, and its watch is deaf from then on.
    if ((name === '' || name === basename(dir)) && folderAt(dir) !== identity) rearm();
    else if (name === '') onChange();
    else if (!isOwnMove(`${dir}/${name}`)) onChange(name);
  }

  function rearm(): void {
    if (isClosed) return;
    disarm();
    if (!arm()) retryLater();
    onChange();
  }

  function retryLater(): void {
    clearTimeout(timer);
    timer = setTimeout(rearm, retryMs).unref();
    retryMs = Math.min(LAST_RETRY_MS, retryMs * 2);
  }

  if (!arm()) retryLater();
  return {
    close() {
      isClosed = true;
      clearTimeout(timer);
      disarm();
    },
  };
}
