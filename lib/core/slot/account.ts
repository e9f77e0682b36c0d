import { expiry } from '../gate.ts';
import type { RunRecord } from '../run.ts';
import { isFinal } from '../run.ts';
import { instantsBetween } from '../time/calendar.ts';
import { formatDuration } from '../time/duration.ts';
import { type Ms, parseIso } from '../time/instant.ts';
import { zoneOf } from '../time/zone.ts';
import { type SlotCursor, type SlotLine, type SlotPlan, scheduleOf } from './line.ts';
import { dueOf, formatSlot, type SlotEnd } from './slot.ts';

/** What became of a slot; or, as long as it has no end, how it stands: it is due in the future, waits or runs. `forgotten`: what it came to is on file no more. */
export interface SlotView {
  readonly at: string;
  readonly end: SlotEnd | 'due' | 'waiting' | 'running' | 'forgotten';
  readonly because: string;
  readonly run_id: string | null;
}

/** All that is known of the slots of one cadence. */
export interface SlotFacts {
  readonly nowMs: Ms;
  readonly cursor: SlotCursor;
  /** Lines of the ledger about it, newest first. */
  readonly lines: readonly SlotLine[];
  /** Where the ledger begins: lines before that are gone. */
  readonly beginMs: Ms;
  readonly tickId: (slotMs: Ms) => string;
  /** The runs of a tick that ended since the first of the slots, newest first. */
  readonly runs: (tickId: string) => readonly RunRecord[];
  /** All of them: one that was under way when the clock was set back may have ended before its slot. */
  readonly allRuns: (tickId: string) => readonly RunRecord[];
  readonly place: (tickId: string) => { readonly folder: 'pending' | 'claimed' | 'dlq'; readonly runId: string; readonly because: string } | undefined;
  /** Fired, and its tick is nowhere: why that may be. */
  readonly limbo: (slotMs: Ms) => string | undefined;
  /** Why nobody has seen to a slot that is undecided. */
  readonly unseen: (slotMs: Ms) => { readonly end: 'missed' | 'waiting'; readonly because: string };
  readonly machine: string;
}

/** Every slot from here to there, oldest first, each under the plan that held then. Of very many only the newest. */
export function slotsOf({ cursor, lines }: Pick<SlotFacts, 'cursor' | 'lines'>, fromMs: Ms, untilMs: Ms, most: number): readonly Ms[] {
  const slots: Ms[] = [];
  let endMs = untilMs;
  let plan = cursor.plan;
  for (const line of lines) {
    // Where the clock was set back to before its plan began, the plan holds from there.
    if (line.kind !== 'plan' && line.kind !== 'rewound') continue;
    const startMs = parseIso(line.from) ?? 0;
    slots.unshift(...planSlots(plan, Math.max(startMs, fromMs - 1), endMs));
    [endMs, plan] = [Math.min(endMs, startMs), line.kind === 'plan' ? line.was : plan];
    if (endMs < fromMs || slots.length > most) break;
  }
  const since = lines.some(({ kind }) => kind === 'plan') ? fromMs - 1 : Math.max(parseIso(cursor.since) ?? 0, fromMs - 1);
  if (endMs >= fromMs) slots.unshift(...planSlots(plan, since, endMs));
  return slots.slice(-most);
}

function planSlots(plan: SlotPlan | null, afterMs: Ms, untilMs: Ms): readonly Ms[] {
  const schedule = plan === null ? undefined : scheduleOf(plan);
  return plan === null || schedule === undefined ? [] : [...instantsBetween(schedule, zoneOf(plan.zone), afterMs, untilMs)];
}

export function accountSlot(slotMs: Ms, facts: SlotFacts): SlotView {
  const id = facts.tickId(slotMs);
  const runs = facts.runs(id);
  const place = facts.place(id);
  const view = (end: SlotView['end'], because: string, run_id: string | null = null): SlotView => ({ at: formatSlot(slotMs), end, because, run_id });
  if (place?.folder === 'claimed') return view('running', place.because, place.runId);
  const ran = runs.find(isRun);
  if (ran !== undefined) return view('ran', `${wordsOf(ran)}${lateness(facts, slotMs)}`, ran.run_id);
  const ended = endLineOf(facts, slotMs);
  if (ended !== undefined) return view(ended.end, ended.because);
  const [record] = runs;
  if (record !== undefined && isFinal(record.status)) return view(endWithoutRun(record), record.reason, record.run_id);
  if (place !== undefined)
    return view(place.folder === 'dlq' ? 'skipped' : place.because === '' ? 'waiting' : 'held', place.because || 'it waits for its turn', place.runId);
  if (isFired(facts, slotMs)) {
    const all = facts.allRuns(id);
    if (all.length > runs.length) return accountSlot(slotMs, { ...facts, runs: () => all });
    const because = facts.limbo(slotMs);
    return because === undefined ? view('missed', 'its tick was put and is gone: somebody has removed it') : view('waiting', because);
  }
  const dueMs = dueIn(slotMs, facts);
  if (dueMs > facts.nowMs) return view('due', `due in ${formatDuration(dueMs - facts.nowMs)}`);
  if (slotMs <= (parseIso(facts.cursor.through) ?? 0)) return view(...undecidedOf(slotMs, facts));
  const { end, because } = facts.unseen(slotMs);
  return view(end, because);
}

/** It was decided, and no line says how. */
function undecidedOf(slotMs: Ms, { beginMs }: SlotFacts): [SlotView['end'], string] {
  if (slotMs >= beginMs) return ['missed', 'the ledger does not say'];
  return ['forgotten', `what was before ${formatSlot(beginMs).slice(0, 10)} is on file no more (retention)`];
}

/** Where the clock was set back to before the slot, it is to be decided once more, and what was decided before is void. */
function endLineOf({ lines }: SlotFacts, slotMs: Ms): Extract<SlotLine, { kind: 'end' }> | undefined {
  for (const line of lines) {
    if (line.kind === 'end' && covers(line, slotMs)) return line;
    if (line.kind === 'rewound' && (parseIso(line.from) ?? 0) < slotMs) return undefined;
  }
  return undefined;
}

function covers(line: Extract<SlotLine, { kind: 'end' }>, slotMs: Ms): boolean {
  const firstMs = parseIso(line.slot) ?? 0;
  return firstMs === slotMs || (line.last !== undefined && firstMs <= slotMs && slotMs <= (parseIso(line.last) ?? 0));
}

/** Why it did not run at its time. */
function lateness({ lines }: SlotFacts, slotMs: Ms): string {
  const slot = formatSlot(slotMs);
  const fired = lines.find((line) => line.kind === 'fired' && line.slot === slot);
  return fired?.kind === 'fired' && fired.because !== undefined ? `; late: ${fired.because}` : '';
}

function isFired({ lines }: SlotFacts, slotMs: Ms): boolean {
  const slot = formatSlot(slotMs);
  return lines.some((line) => line.kind === 'fired' && line.slot === slot);
}

/** As the scheduler computes it, but for the bound by the next slot. */
function dueIn(slotMs: Ms, { cursor, machine, lines }: SlotFacts): Ms {
  const cadence = lines.find((line) => 'cadence' in line);
  const { plan } = cursor;
  if (plan === null || cadence === undefined || !('cadence' in cadence)) return slotMs;
  return dueOf(slotMs, { staggerMs: plan.stagger_ms, jitterMs: plan.jitter_ms }, `${machine}/${cadence.cadence}`, undefined);
}

/** A process was started for it, or a handler called; what the account or one agent of several did is nobody's run, and its tick waits again. */
function isRun({ status, attempt, duration_ms, exit_code, signal, started_at, ended_at, blame }: RunRecord): boolean {
  switch (status) {
    case 'failed':
      return blame !== 'account' && blame !== 'provider';
    case 'succeeded':
    case 'unverified':
    case 'interrupted':
    case 'running':
      return true;
    case 'dead':
    case 'cancelled':
      return attempt > 0 && (duration_ms > 0 || exit_code !== null || signal !== null || started_at !== ended_at);
    case 'queued':
    case 'waiting':
    case 'held':
    case 'skipped':
    case 'coalesced':
    case 'expired':
      return false;
  }
}

function wordsOf(run: RunRecord): string {
  const took = run.duration_ms === 0 ? '' : ` in ${formatDuration(run.duration_ms)}`;
  const told = run.status === 'succeeded' ? run.summary : run.reason;
  const again = run.retry_at === undefined ? '' : `; it tries again at ${run.retry_at.slice(0, 19)}Z`;
  return `${run.status}${took}${told === '' ? '' : `: ${told}`}${again}`;
}

function endWithoutRun({ status, reason }: RunRecord): SlotEnd {
  // It was kept by a rule until it was too old; or nobody came to it in time, which is what missed means.
  if (status === 'expired') return reason === expiry(undefined) ? 'missed' : 'held';
  if (status !== 'coalesced') return 'skipped';
  if (/^the slot of \S+ took over/.test(reason)) return 'superseded';
  return /, until the slot of \S+ took over$/.test(reason) ? 'held' : 'skipped';
}
