import { CARE_CADENCE, hookCadence } from '../../core/builtin.ts';
import { CadenceError } from '../../core/error.ts';
import { careKey } from '../../core/incident/care.ts';
import { type FollowUp, followUpName, hookKey } from '../../core/notice/follow-up.ts';
import type { Delivery, Notice } from '../../core/notice/notice.ts';
import { isFinal, type RunRecord } from '../../core/run.ts';
import { type Ms, parseIso } from '../../core/time/instant.ts';
import { createClock } from '../../platform/clock.ts';
import { createIds } from '../../platform/ids.ts';
import type { Closeable, Outbox } from '../../ports.ts';
import { createReading, type Reading } from '../reading.ts';

/** What came of one hook or notice of a run, in a receipt. */
export interface HookResult {
  readonly name: string;
  readonly ok: boolean;
  /** A hook's is that of its run; a notice's is pending, delivered or dead. */
  readonly status: string;
  readonly attempts: number;
  readonly run_id?: string;
  readonly error?: string;
}

/** A run shows what it set off, and need not wait for it longer than this. */
export const HOOKS_WITHIN_MS: Ms = 10_000;
const LOOK_AGAIN_MS: Ms = 250;

/** The receipt of a run, with what came of its hooks and notices where it has any. */
export async function withHooks<T extends RunRecord>(root: string, run: T): Promise<T & { readonly hooks?: readonly HookResult[] }> {
  const { hooks } = await readHookResults(root, run);
  return hooks.length === 0 ? run : { ...run, hooks };
}

/** From the files: no owner is needed. `care`: that of a failure or a proof, from which notices may come; nobody is shown it. */
async function readHookResults(root: string, run: RunRecord): Promise<{ readonly hooks: readonly HookResult[]; readonly care: readonly HookResult[] }> {
  const all = run.follow_ups ?? [];
  if (all.length === 0) return { hooks: [], care: [] };
  const reading = createReading(root);
  const outbox = all.some((one) => !('hook' in one)) ? await openOutbox(reading) : undefined;
  // In this order: a notice comes of care, so what care has not put by its end will not come.
  const care = all.flatMap((one) => ('care' in one ? resultOf(reading, followUpName(one), CARE_CADENCE, careKey(run.run_id, one.care)) : []));
  const hooks = all.flatMap((one) => {
    if ('care' in one) return resultsOfCare(outbox as Outbox, run, one);
    return 'hook' in one ? resultOfHook(reading, run, one) : resultOfNotice(outbox as Outbox, run, one);
  });
  return { hooks, care };
}

/** Until every hook and notice of the run has ended or will be tried again later, or the time is over. */
export async function waitForHooks(root: string, run: RunRecord, withinMs: Ms): Promise<void> {
  if ((run.follow_ups ?? []).length === 0) return;
  const clock = createClock();
  const { files, paths } = createReading(root);
  const untilMs = clock.nowMs() + withinMs;
  for (;;) {
    const changed = nextChange([paths.runs, paths.outbox, `${paths.outbox}/delivered`], files, clock);
    const { hooks, care } = await readHookResults(root, run);
    if ([...care, ...hooks].every(isToldNow) || clock.nowMs() >= untilMs) return changed.leave();
    await changed.happened;
  }
}

/** What has failed once is tried again after longer than anybody cares to wait. */
function isToldNow({ ok, status, attempts, error }: HookResult): boolean {
  return (
    ok ||
    (attempts > 0 && error !== undefined && status !== 'running') ||
    ['dead', 'cancelled', 'unverified', 'skipped', 'coalesced', 'expired'].includes(status)
  );
}

/** Hints may be lost, so there is a look after a while too. */
function nextChange(folders: readonly string[], files: Reading['files'], clock: ReturnType<typeof createClock>) {
  const open: Closeable[] = [];
  const leave = (): void => {
    for (const one of open.splice(0)) one.close();
  };
  const happened = new Promise<void>((resolve) => {
    const go = (): void => {
      leave();
      resolve();
    };
    open.push(clock.after(LOOK_AGAIN_MS, go));
    for (const folder of folders) if (files.info(folder) !== undefined) open.push(files.watch(folder, go));
  });
  return { happened, leave };
}

/** Loaded where there are notices, for all that checks them costs more than most verbs. */
async function openOutbox({ files, paths }: Reading): Promise<Outbox> {
  const { createOutbox } = await import('../../notify/outbox.ts');
  return createOutbox({ files, clock: createClock(), paths, onBroken: undefined });
}

function resultOfHook(reading: Reading, run: RunRecord, one: Extract<FollowUp, { hook: unknown }>): HookResult {
  return resultOf(reading, followUpName(one), hookCadence(run.cadence), hookKey(run.run_id, one));
}

/** What came of the tick with this key. */
function resultOf(reading: Reading, name: string, cadence: string, key: string): HookResult {
  const found = find(reading, createIds().keyed('key', cadence, key));
  if (found === undefined) return { name, ok: false, status: 'pending', attempts: 0 };
  const { status, attempt, run_id, reason } = found;
  const ok = status === 'succeeded';
  const made = isFinal(status) || status === 'running' ? attempt : Math.max(0, attempt - 1);
  return { name, ok, status, attempts: made, run_id, ...(ok || reason === '' || made === 0 ? {} : { error: reason }) };
}

function find(reading: Reading, tick: string): RunRecord | undefined {
  try {
    return reading.lookup(tick);
  } catch (error) {
    if (error instanceof CadenceError && error.code === 'not_found') return undefined;
    throw error;
  }
}

function resultOfNotice(outbox: Outbox, run: RunRecord, one: Extract<FollowUp, { notice: unknown }>): HookResult {
  const name = followUpName(one);
  const isIts = ({ key }: { readonly key: string }): boolean => key.startsWith(`${run.run_id}.${one.notice}.${one.sink}`);
  const end = outbox.ended(run.run_id, parseIso(run.started_at) ?? 0).find(isIts);
  if (end !== undefined) return endedNotice(name, end);
  const waiting = outbox.pending().find(isIts);
  return waiting === undefined ? { name, ok: false, status: 'pending', attempts: 0 } : pendingNotice(name, waiting);
}

/** What was told of the incident because of this run. */
function resultsOfCare(outbox: Outbox, run: RunRecord, { care }: Extract<FollowUp, { care: unknown }>): readonly HookResult[] {
  const isIts = ({ key, run_id }: { readonly key: string; readonly run_id: string }): boolean =>
    run_id === run.run_id && (care === 'proof' ? key.includes('.recovery.') : !key.startsWith(`${run.run_id}.`));
  const ended = outbox.ended(run.run_id, parseIso(run.started_at) ?? 0).filter(isIts);
  const waiting = outbox.pending().filter((notice) => isIts(notice) && !ended.some(({ key }) => key === notice.key));
  return [...ended.map((end) => endedNotice(`notify:${end.sink}`, end)), ...waiting.map((notice) => pendingNotice(`notify:${notice.sink.kind}`, notice))];
}

function endedNotice(name: string, { ok, status, attempts, error }: Delivery): HookResult {
  return { name, ok, status, attempts, ...(error === undefined ? {} : { error }) };
}

function pendingNotice(name: string, { attempts, error }: Notice): HookResult {
  return { name, ok: false, status: 'pending', attempts, ...(error === null ? {} : { error }) };
}
