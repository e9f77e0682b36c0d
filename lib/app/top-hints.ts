import { dirname } from 'node:path';
import { CadenceError } from '../core/error.ts';
import { pathsOf } from '../core/paths.ts';
import { askOwner } from '../platform/control.ts';
import { createFiles } from '../platform/files.ts';
import type { Closeable } from '../ports.ts';
import type { OwnerView } from './answers/status.ts';

/**
 * Says that something may have changed in a root, and never asks by itself. The folders say it; of one that is not there the nearest one
 * above it, for nothing is made by whoever only looks. An owner that is killed changes no file, but hangs up.
 */
export interface Hints extends Closeable {
  /** Which folders there are, and whether there is somebody to hear, is looked at anew: before a reading, so that nothing is missed. */
  follow(owner: OwnerView['state'] | undefined): void;
}

export function createHints(root: string, onHint: () => void): Hints {
  const [files, paths] = [createFiles(), pathsOf(root)];
  const { cadences, state, inbox, waiting, claimed, dlq, journal, incidents, running, subsessions } = paths;
  const wanted = [cadences, state, inbox, waiting, claimed, dlq, journal, incidents, running, subsessions];
  const watches = new Map<string, Closeable>();
  const stop = new AbortController();
  let isHearing = false;

  function nearest(dir: string): string {
    for (let at = dir; at.length > paths.root.length; at = dirname(at)) if (files.info(at)?.kind === 'folder') return at;
    return paths.root;
  }

  async function hear(): Promise<void> {
    isHearing = true;
    try {
      await askOwner(root, { op: 'events' }, onHint, stop.signal);
    } catch (error) {
      if (!(error instanceof CadenceError)) throw error;
      // It holds the root and does not answer: when it does, its folders say so.
      if (error.code !== 'no_owner') return;
    } finally {
      isHearing = false;
    }
    if (!stop.signal.aborted) onHint();
  }

  return {
    follow(owner) {
      const now = new Set(wanted.map(nearest));
      for (const [dir, watch] of watches)
        if (!now.has(dir)) {
          watch.close();
          watches.delete(dir);
        }
      for (const dir of now) if (!watches.has(dir)) watches.set(dir, files.watch(dir, onHint));
      if ((owner === 'running' || owner === 'silent') && !isHearing) void hear();
    },
    close() {
      stop.abort();
      for (const watch of watches.values()) watch.close();
      watches.clear();
    },
  };
}
