import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { actor } from './processes.ts';
import { makeRoot, type Root } from './product.ts';

/** The floor: what is promised of each tick, done by bare calls and nothing around them. */

export interface Bare {
  readonly count: number;
  readonly wallUs: number;
  readonly cpuUs: number;
}

/** `files`: a file a tick; `lines`: batches; `commands`: a file a tick, and a child each that ends at once. */
export type Kind = 'files' | 'lines' | 'commands';

/** Runs what lies in the inbox of this root. */
export function barePromises(kind: Kind, root: Root, ...words: readonly string[]): Bare & { readonly loopBusyMs: number } {
  return act('bare-promises.mjs', [kind, root.paths.inbox, join(root.paths.state, 'bare'), ...words]);
}

/** So many runs of a command, one after the other, in this empty folder. */
export function bareCommands(dir: string, command: string, count: number): { readonly wallMs: number; readonly loopBusyMs: number } {
  const root = makeRoot(dir);
  root.drop('true', count);
  const { wallUs, loopBusyMs } = barePromises('commands', root, command);
  return { wallMs: wallUs / 1000 / count, loopBusyMs: loopBusyMs / count };
}

export function act<B extends Bare>(file: string, words: readonly string[]): B {
  const done = spawnSync(process.execPath, [actor(file), ...words], { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${file} ended with ${done.status}: ${done.stderr}`);
  return JSON.parse(done.stdout) as B;
}
