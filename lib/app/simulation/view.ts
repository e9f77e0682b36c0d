import { toUsd } from '../../core/money/budget.ts';
import { hasRun, spentBy } from '../../core/money/spending.ts';
import type { RunRecord } from '../../core/run.ts';
import type { SlotView } from '../../core/slot/account.ts';
import { formatSlot } from '../../core/slot/slot.ts';
import { type Ms, parseIso, toIso } from '../../core/time/instant.ts';
import { createSlotReading } from '../../history/slot-ledger.ts';
import { createIds } from '../../platform/ids.ts';
import { createUptime } from '../../platform/uptime.ts';
import type { Problem } from '../../ports.ts';
import { sharedKeys } from '../answers/account-view.ts';
import { slotsWith } from '../answers/slot-reading.ts';
import { createReading } from '../reading.ts';
import type { RunEstimate } from './run.ts';
import { type Meetings, type SimulationQuery, simulate } from './simulation.ts';
import type { SimulationStart } from './start.ts';

export interface SimulatedSlot extends SlotView {
  readonly cadence: string;
  /** It came while a run of the same cadence was under way. */
  readonly overlapped: boolean;
  /** What the gate held it by, before it ran or for good. */
  readonly held_by: readonly string[];
  /** From its instant to the start of its first run. */
  readonly waited_ms: Ms | null;
}

export interface SimulationTally {
  readonly slots: number;
  readonly ran: number;
  readonly skipped: number;
  readonly missed: number;
  readonly held: number;
  readonly superseded: number;
  /** They wait or run where it ends. */
  readonly unfinished: number;
  readonly overlaps: number;
  readonly held_by: readonly { readonly cause: string; readonly slots: number }[];
  readonly runs: number;
  readonly failed: number;
  readonly busy_ms: Ms;
  readonly cost_usd: number;
}

export interface SimulationView extends SimulationStart {
  /** Every slot runs and ends well, and every definition is right. */
  readonly ok: boolean;
  readonly from: string;
  readonly to: string;
  readonly timezone: string;
  readonly cadences: readonly (SimulationTally & { readonly cadence: string; readonly estimate: RunEstimate })[];
  readonly totals: SimulationTally;
  readonly slots: readonly SimulatedSlot[];
  readonly problems: readonly Problem[];
}

export async function readSimulation(root: string, query: SimulationQuery): Promise<SimulationView> {
  const { start, files, cadences, problems, estimateOf, meetings } = await simulate(root, query);
  const reading = createReading(root, files);
  const ledger = createSlotReading(reading);
  const cursors = ledger.cursors();
  const { fromMs, toMs } = query;
  const runs = reading.history.runs({ limit: Number.MAX_SAFE_INTEGER }).filter(hasRun);
  const firstRuns = new Map(runs.map((run) => [run.tick, run]));
  const span = { fromMs, untilMs: toMs - 1, most: Number.MAX_SAFE_INTEGER, nowMs: toMs - 1, isOwned: true };
  const holds = reading.holds();
  const slots = cadences.flatMap((one) => {
    const { name } = one;
    const cursor = cursors.get(name);
    const own = { ...span, shared: sharedKeys(one, holds, toMs - 1) };
    return cursor === undefined ? [] : slotsWith(reading, ledger, cursor, name, own).map((slot) => slotOf(name, slot, meetings, firstRuns));
  });
  const rows = cadences.map((one) => {
    const mine = slots.filter(({ cadence }) => cadence === one.name);
    const ran = runs.filter(({ cadence }) => cadence === one.name);
    return { cadence: one.name, ...tallyOf(mine, ran), estimate: estimateOf(one) };
  });
  const totals = tallyOf(slots, runs);
  const isWell = totals.skipped + totals.missed + totals.held + totals.superseded + totals.failed === 0 && problems.length === 0;
  const ordered = slots.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  return {
    ok: isWell,
    from: toIso(fromMs),
    to: toIso(toMs),
    timezone: zoneHere(),
    ...start,
    cadences: rows,
    totals,
    slots: ordered,
    problems,
  };
}

/** That of the machine: times are told and read in it. */
export function zoneHere(): string {
  return createUptime().timezone();
}

function slotOf(cadence: string, slot: SlotView, { overlapped, heldBy }: Meetings, firstRuns: ReadonlyMap<string, RunRecord>): SimulatedSlot {
  const atMs = parseIso(slot.at) ?? 0;
  const tick = createIds().keyed('slot', cadence, formatSlot(atMs));
  const startMs = parseIso(firstRuns.get(tick)?.started_at);
  return {
    cadence,
    ...slot,
    overlapped: overlapped.has(tick),
    held_by: [...(heldBy.get(tick) ?? [])],
    waited_ms: startMs === undefined ? null : startMs - atMs,
  };
}

function tallyOf(slots: readonly SimulatedSlot[], runs: readonly RunRecord[]): SimulationTally {
  const ended = (...ends: readonly SlotView['end'][]): number => slots.filter(({ end }) => ends.includes(end)).length;
  const causes = [...new Set(slots.flatMap((slot) => slot.held_by))].sort();
  return {
    slots: slots.length,
    ran: ended('ran'),
    skipped: ended('skipped'),
    missed: ended('missed'),
    held: ended('held'),
    superseded: ended('superseded'),
    unfinished: ended('due', 'waiting', 'running'),
    overlaps: slots.filter(({ overlapped }) => overlapped).length,
    held_by: causes.map((cause) => ({ cause, slots: slots.filter((slot) => slot.held_by.includes(cause)).length })),
    runs: runs.length,
    failed: runs.filter(({ blame }) => blame !== undefined).length,
    busy_ms: runs.reduce((sum, { duration_ms }) => sum + duration_ms, 0),
    cost_usd: toUsd(runs.reduce((sum, run) => sum + spentBy(run), 0)),
  };
}
