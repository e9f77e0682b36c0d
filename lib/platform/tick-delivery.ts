import { closeSync, fsync, linkSync, openSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Paths, pathsOf } from '../core/paths.ts';
import { formatTickName, MAX_TICK_BYTES } from '../core/tick.ts';
import { toIso } from '../core/time/instant.ts';
import type { Ids } from '../ports.ts';
import { attempt, attemptUnless, errnoOf, faultOf } from './fault.ts';
import { makeFolders } from './folder-making.ts';
import { requireRoot } from './root.ts';
import type { TickRequest } from './tick-request.ts';

/*
 * From memory to the inbox, durably. A draft is written in tmp/, takes its place in inbox/, and both it and the folder are
 * flushed before the caller is answered:
 *
 *     inbox/<due>.<cadence>.<id>.0.json     one tick
 *     inbox/<id>.ndjson                     many; each line a tick with its `id` and `due_at` besides
 *
 * A flush makes the file system write its own log, which is what a call costs. So what has a fresh id takes its place before
 * the first flush: one write of that log carries file and name, and the folder has nothing left to flush. A key or a slot
 * may be asked for again, so such a tick is flushed before it is linked (a link never replaces): who finds it there is told
 * "already pending", and may rely on it.
 *
 * A kill leaves a draft in tmp/, which nobody reads, or a whole file in inbox/, whose caller never heard of it. Only a power
 * cut in the midst of a call may leave a fresh one in inbox/ without its text; the owner dead-letters that, as malformed.
 */

/** How one tick fared. */
export type Delivery = { readonly kind: 'placed' | 'already_pending'; readonly path: string } | { readonly kind: 'refused'; readonly fault: unknown };

/** One file of the inbox. */
interface Parcel {
  readonly file: string;
  readonly text: string;
  /** Somebody else may be asking for the very same file. */
  readonly isKeyed: boolean;
  readonly requests: readonly TickRequest[];
}

/** What a reader of a batch must be ready to hold at once. */
const MAX_BATCH_BYTES = 4 * 1024 * 1024;
const MAX_TRIES = 20;

function flush(handle: number): Promise<void> {
  return new Promise((resolve, reject) => fsync(handle, (error) => (error === null ? resolve() : reject(error))));
}

/** The end of every tick, by its id. Never rejects: a fault that concerns all of them is the end of each. */
export async function deliver(root: string, requests: readonly TickRequest[], ids: Ids): Promise<ReadonlyMap<string, Delivery>> {
  const distinct = new Map<string, TickRequest>();
  // The same key twice in one turn is one line: the first.
  for (const request of requests) if (!distinct.has(request.name.id)) distinct.set(request.name.id, request);
  const ends = new Map<string, Delivery>();
  try {
    const paths = pathsOf(requireRoot(root, root, {}));
    await deliverParcels(paths, pack([...distinct.values()], ids), ids, ends);
  } catch (fault) {
    for (const id of distinct.keys()) if (ends.get(id)?.kind !== 'refused') ends.set(id, { kind: 'refused', fault });
  }
  return ends;
}

/** Parcels fare on their own until the folder is flushed, which is done once for all, and begins as soon as the last is in its place. */
async function deliverParcels(paths: Paths, parcels: readonly Parcel[], ids: Ids, ends: Map<string, Delivery>): Promise<void> {
  const placed: string[] = [];
  const folder = createFolderFlush(paths.inbox);
  for (const [index, parcel] of parcels.entries()) {
    const onPlaced = index === parcels.length - 1 ? folder.begin : undefined;
    const end = await put(paths, parcel, ids, onPlaced).catch((fault: unknown): Delivery => ({ kind: 'refused', fault }));
    if (end.kind === 'placed') placed.push(end.path);
    for (const { name } of parcel.requests) ends.set(name.id, end);
  }
  if (!folder.isBegun() && [...ends.values()].every(({ kind }) => kind === 'refused')) return;
  try {
    await folder.end();
  } catch (fault) {
    // What is not known to be on disk was not enqueued: it goes, unless the owner was faster.
    for (const path of placed) attemptUnless('remove', path, 'ENOENT', undefined, () => unlinkSync(path));
    throw fault;
  }
}

/** Begun beside the flush of a file it mostly waits for the same write of the file system's log; after it, for one more that the owner's claim has begun. */
function createFolderFlush(folder: string) {
  let result: Promise<{ readonly fault?: unknown }> | undefined;
  const begin = (): void => {
    result = flushFolder(folder).then(
      () => ({}),
      (fault: unknown) => ({ fault }),
    );
  };
  return {
    begin,
    isBegun: () => result !== undefined,
    async end(): Promise<void> {
      if (result === undefined) return flushFolder(folder);
      const { fault } = await result;
      if (fault !== undefined) throw fault;
    },
  };
}

/** One tick alone has a canonical file; more go into batches; what is large goes alone. */
function pack(requests: readonly TickRequest[], ids: Ids): readonly Parcel[] {
  const parcels: Parcel[] = [];
  let batch: TickRequest[] = [];
  let text = '';
  let sizeBytes = 0;
  const close = (): void => {
    if (batch.length === 1) parcels.push(alone(batch[0] as TickRequest));
    else if (batch.length > 1) parcels.push({ file: `${ids.fresh()}.ndjson`, text, isKeyed: false, requests: batch });
    batch = [];
    text = '';
    sizeBytes = 0;
  };
  for (const request of requests) {
    const line = `{"id":"${request.name.id}","due_at":"${toIso(request.name.dueMs)}",${request.json.slice(1)}\n`;
    const lineBytes = Buffer.byteLength(line);
    if (lineBytes > MAX_TICK_BYTES) {
      parcels.push(alone(request));
      continue;
    }
    if (sizeBytes + lineBytes > MAX_BATCH_BYTES) close();
    batch.push(request);
    text += line;
    sizeBytes += lineBytes;
  }
  close();
  return parcels;
}

function alone(request: TickRequest): Parcel {
  return { file: formatTickName(request.name), text: `${request.json}\n`, isKeyed: request.isKeyed, requests: [request] };
}

/** Calls that cost microseconds are synchronous, the flush is not: it may take 20 ms. */
async function put(paths: Paths, { file, text, isKeyed }: Parcel, ids: Ids, onPlaced?: () => void): Promise<Delivery> {
  const draft = `${paths.tmp}/${ids.fresh()}.${process.pid}`;
  const path = `${paths.inbox}/${file}`;
  const handle = await inFolder(paths, paths.tmp, 'create', draft, () => openSync(draft, 'wx', 0o600));
  let left = draft;
  try {
    attempt('write', draft, () => writeFileSync(handle, text));
    if (isKeyed) return await link(paths, draft, path, handle);
    await inFolder(paths, paths.inbox, 'create', path, () => renameSync(draft, path));
    left = path;
    onPlaced?.();
    await flushed(handle, path);
    left = '';
    return { kind: 'placed', path };
  } finally {
    closeSync(handle);
    // What is not known to be on disk was not enqueued: it goes, unless the owner was faster.
    if (left !== '') attemptUnless('remove', left, 'ENOENT', undefined, () => unlinkSync(left));
  }
}

async function link(paths: Paths, draft: string, path: string, handle: number): Promise<Delivery> {
  await flushed(handle, draft);
  const isFirst = await inFolder(paths, paths.inbox, 'create', path, () => {
    try {
      linkSync(draft, path);
      return true;
    } catch (thrown) {
      if (errnoOf(thrown) === 'EEXIST') return false;
      throw thrown;
    }
  });
  return { kind: isFirst ? 'placed' : 'already_pending', path };
}

/** Makes the folder where it is missing. The owner may swap an empty inbox for a new one at any instant, and a name looked up in the old one is not there. */
async function inFolder<T>(paths: Paths, folder: string, verb: string, path: string, act: () => T): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return act();
    } catch (thrown) {
      if (errnoOf(thrown) !== 'ENOENT' || tries === MAX_TRIES) throw faultOf(thrown, verb, path);
      await makeFolder(paths, folder);
    }
  }
}

async function flushed(handle: number, path: string): Promise<void> {
  await flush(handle).catch((thrown: unknown) => Promise.reject(faultOf(thrown, 'flush', path)));
}

/** A new folder is as lasting as its entry in its parent, so these are flushed too, up to the root. */
async function makeFolder({ root }: Paths, folder: string): Promise<void> {
  if (attempt('look at', folder, () => statSync(folder, { throwIfNoEntry: false }))?.isDirectory()) return;
  const topmost = attempt('make', folder, () => makeFolders(folder));
  if (topmost === undefined) return;
  for (let parent = dirname(folder); parent.length >= root.length; parent = dirname(parent)) {
    await flushFolder(parent);
    if (parent === dirname(parent)) return;
  }
}

async function flushFolder(folder: string): Promise<void> {
  const handle = attempt('open', folder, () => openSync(folder, 'r'));
  try {
    await flush(handle);
  } catch (thrown) {
    throw faultOf(thrown, 'flush', folder);
  } finally {
    closeSync(handle);
  }
}
