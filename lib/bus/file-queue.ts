import { formatDeadName, formatTickName, MAX_FILE_BYTES, parseDeadName, parseTickName, type TickName } from '../core/tick.ts';
import type { Ms } from '../core/time/instant.ts';
import type { Claim, Files, Queue } from '../ports.ts';
import { SOON_MS } from './drop-zone.ts';
import { isPlain, judge } from './judgement.ts';
import { createPending, type Entry } from './pending.ts';
import { createQueueParts, type QueueDeps } from './queue-parts.ts';
import { inSlices } from './slices.ts';

/** With a quarter more while the folders are read, just below 32,768: from there on V8 doubles the tables of a Map that is filled and emptied. */
const DEFAULT_BUDGET = 25_000;
/** The last number that a name can hold: a tick that claims to have spent more is not lost for it. */
const MAX_ATTEMPTS = 999_999;

/**
 * The queue on files. Folders are states, names carry due time, attempts and reason, every transition is one rename:
 *
 *     inbox ──────────────▶ claimed ──▶ (removed)     attempts + 1 on the way into claimed/
 *       └──▶ waiting ──▶ ──┘   │  └───▶ dlq           a deferral takes the attempt back
 *               ▲──────────────┘
 *
 * A batch is claimed whole, and its lines run where they stand (batches.ts). Names are kept in memory; the inbox is read when a hint came (`fs.watch` may lose events, a listing does not), and
 * never more often than its own cost allows. A stale owner's rename fails, for the name has changed.
 */
export function createFileQueue(deps: QueueDeps): Queue {
  const { files, clock, paths } = deps;
  const pending = createPending(deps.budget ?? DEFAULT_BUDGET, onGone);
  const [inInbox, claimed, unparked] = [new Map<string, Entry>(), new Set<string>(), new Set<string>()];
  let [isUnread, isPartial] = [true, true]; // until both folders have been read once

  const pathOf = (entry: Entry): string => `${entry.folder === 'inbox' ? paths.inbox : paths.waiting}/${entry.file}`; // of what has a file
  const isTaken = (id: string): boolean => claimed.has(id) || isThere(pending.byId(id), files, { pathOf, forget });

  function admit(entry: Entry): boolean {
    if (isTaken(entry.name.id)) return false;
    if (entry.folder === 'inbox' && pending.isBeyond(entry.name)) return overflow.put(entry); // the next reading finds it
    pending.add(entry);
    if (entry.folder === 'inbox') {
      inInbox.set(entry.file, entry);
      unparked.add(entry.name.cadence);
    }
    return true;
  }

  function forget(entry: Entry): void {
    pending.remove(entry);
    if (entry.line !== undefined) lines.forget(entry);
  }

  async function trim(isReading = false): Promise<void> {
    const dropped = pending.trim(isReading);
    if (dropped.length === 0) return;
    isPartial = true;
    await overflow.putAll(dropped);
  }

  const parts = createQueueParts(deps, { pending, pathOf, admit, isTaken, isPending, pendingThere: () => inInbox.size, trim });
  const { left, readings, overflow, stranded, tickOf, deadLetters, batches, lines, dropZone, opening, orphans } = parts;

  function onGone(entry: Entry): void {
    if (entry.folder !== 'inbox') return;
    inInbox.delete(entry.file);
    readings.gone(entry);
  }

  function isPending(file: string): boolean {
    return inInbox.get(file)?.gone === false;
  }

  async function scanWaiting(): Promise<void> {
    const breathe = inSlices(clock);
    for (const part of files.listParts(paths.waiting)) {
      for (const file of part) {
        const name = pending.isFileBeyond(file) ? undefined : parseTickName(file);
        if (name === undefined || claimed.has(name.id) || pending.byId(name.id) !== undefined || pending.isBeyond(name)) continue;
        pending.add({ name, folder: 'waiting', file, gone: false });
      }
      await trim(true);
      await breathe();
    }
  }

  async function refresh(isFirst = false): Promise<Ms | undefined> {
    if (isFirst && !isUnread) return undefined;
    stranded.giveBack();
    const isDry = pending.cadences()[Symbol.iterator]().next().done === true;
    // What an earlier owner's end left to do may have brought some ticks here already, and says nothing of all the others.
    const mustRefill = isUnread || (isPartial && (pending.isShort() || isDry));
    if (mustRefill) {
      [isPartial, isUnread] = [false, true];
      pending.forgetCuts();
      await scanWaiting();
    }
    const isPutOff = !mustRefill && dropZone.takeNamed();
    if (mustRefill || (!isPutOff && dropZone.isDue(isDry))) await dropZone.scan(mustRefill);
    const unpacking = batches.advance();
    const isUnpacking = typeof unpacking === 'boolean' ? unpacking : await unpacking;
    const isReporting = deadLetters.catchUp();
    if (isReporting) await clock.breathe();
    if (mustRefill) isUnread = false;
    await trim();
    const againMs = dropZone.againMs();
    const soonMs = isUnpacking || isReporting ? clock.nowMs() + SOON_MS : undefined;
    return soonMs === undefined || againMs === undefined ? (soonMs ?? againMs) : Math.min(soonMs, againMs);
  }

  function claim(entry: Entry | undefined): Claim | undefined {
    if (entry === undefined || entry.gone) return undefined;
    if (entry.line !== undefined) {
      const begun = lines.begin(entry, entry.line);
      forget(entry);
      claimed.add(begun.name.id);
      return begun;
    }
    const name = { ...entry.name, attempts: Math.min(MAX_ATTEMPTS, entry.name.attempts + 1) };
    const path = `${paths.claimed}/${formatTickName(name)}`;
    const isOurs = left.spare(pathOf(entry), () => files.rename(pathOf(entry), path));
    forget(entry);
    if (isOurs !== true) return undefined;
    stranded.note(entry, path);
    const opened = opening.open(entry, name);
    stranded.isOpen(entry);
    if (opened !== undefined) claimed.add(name.id);
    return opened;
  }

  function move(entry: Entry, name: TickName): void {
    if (entry.line !== undefined) {
      forget(entry);
      lines.wait(name, entry.line);
      return;
    }
    const file = formatTickName(name);
    const isMoved = left.spare(pathOf(entry), () => files.rename(pathOf(entry), `${paths.waiting}/${file}`));
    forget(entry);
    if (isMoved === true) pending.add({ name, folder: 'waiting', file, gone: false });
  }

  return {
    refresh,
    cadences: () => pending.cadences(),
    head(cadence) {
      lines.offer(cadence);
      return pending.head(cadence);
    },
    take(head, lasts = false) {
      lines.take(head.name.cadence);
      const entry = pending.byId(head.name.id);
      if (entry?.line !== undefined && (lasts || lines.isLeaving(entry))) return lines.unfoldNow(entry).then(() => claim(entry));
      return claim(entry);
    },
    putBack(claim) {
      const { name } = claim;
      const uncharged = { ...name, attempts: name.attempts - 1 };
      claimed.delete(name.id);
      if (lines.putBack(claim, uncharged)) return;
      stranded.note({ name: uncharged, folder: 'waiting', file: formatTickName(uncharged), gone: false }, `${paths.claimed}/${formatTickName(name)}`);
    },
    async park(cadence) {
      lines.leaveHeld(cadence);
      if (!unparked.delete(cadence)) return;
      try {
        const breathe = inSlices(clock);
        for (const entry of [...inInbox.values()]) {
          if (entry.name.cadence === cadence && !entry.gone) move(entry, entry.name);
          await breathe();
        }
      } catch (error) {
        unparked.add(cadence);
        throw error;
      }
    },
    async hasten(cadence) {
      const nowMs = clock.nowMs();
      for (const entry of pending.entries(cadence)) if (entry.name.attempts > 0 && entry.name.dueMs > nowMs) move(entry, { ...entry.name, dueMs: nowMs });
    },
    settle(claim, transition, attempts) {
      claimed.delete(claim.name.id);
      const line = lines.lineOf(claim);
      if (line !== undefined) return lines.settle(claim, line, transition, attempts);
      const from = `${paths.claimed}/${formatTickName(claim.name)}`;
      switch (transition.to) {
        case 'finished':
          return files.remove(from);
        case 'dlq':
          return deadLetters.bury(from, transition.name, claim.tick, transition.because, attempts) !== undefined;
        case 'waiting': {
          const file = formatTickName(transition.name);
          if (!files.rename(from, `${paths.waiting}/${file}`)) return false;
          pending.add({ name: transition.name, folder: 'waiting', file, gone: false });
          return true;
        }
      }
    },
    async discard(name, transition, attempts) {
      const entry = pending.byId(name.id);
      if (entry === undefined) return false;
      if (entry.line !== undefined && transition.to === 'dlq') await lines.unfoldBeside(entry);
      if (entry.gone) return false;
      const end = (): boolean =>
        transition.to === 'dlq'
          ? deadLetters.bury(pathOf(entry), transition.name, tickOf(entry), transition.because, attempts) !== undefined
          : files.remove(pathOf(entry));
      const isDone = entry.line === undefined ? left.spare(pathOf(entry), end) : lines.discard(entry.line);
      forget(entry);
      return isDone === true;
    },
    async plain(cadence, onlySlots) {
      const fresh = pending.entries(cadence).filter((entry) => entry.name.attempts === 0);
      return fresh.filter((entry) => isPlain(tickOf(entry), onlySlots)).map((entry) => entry.name);
    },
    report(run, attempts) {
      const name = parseDeadName(run.moves_to?.slice('dlq/'.length) ?? '');
      const found = name === undefined ? undefined : files.read(`${paths.dlq}/${formatDeadName(name)}`, MAX_FILE_BYTES);
      if (name === undefined || found === undefined) return;
      const judged = judge(found);
      if (judged.kind === 'tick' && judged.tick.dead === undefined) deadLetters.report(name, judged.tick, run.reason, attempts);
    },
    find: (id) => pending.byId(id)?.name,
    peek: (id) => tickOf(pending.byId(id)),
    async orphans() {
      const claims = orphans();
      for (const { name } of claims) claimed.add(name.id);
      return claims;
    },
    put(name, tick) {
      if (isTaken(name.id)) return false;
      const file = formatTickName(name);
      files.write(`${paths.waiting}/${file}`, `${JSON.stringify(tick)}\n`);
      pending.add({ name, folder: 'waiting', file, gone: false });
      return true;
    },
    expect: () => void dropZone.hint(),
    onArrival(wake) {
      dropZone.hint(); // Nobody says what came between the last look and this watch.
      return files.watch(paths.inbox, (name) => {
        if (dropZone.hint(name)) wake();
      });
    },
  };
}

/** Whose file somebody has removed stands for nobody any more. */
function isThere(entry: Entry | undefined, files: Pick<Files, 'info'>, known: { pathOf(entry: Entry): string; forget(entry: Entry): void }): boolean {
  if (entry === undefined) return false;
  const hasFile = entry.line !== undefined || files.info(known.pathOf(entry)) !== undefined;
  if (!hasFile) known.forget(entry);
  return hasFile;
}
