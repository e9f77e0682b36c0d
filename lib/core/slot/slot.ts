import { type Ms, parseIso, toIso } from '../time/instant.ts';
import type { SlotPolicy } from '../time/schedule.ts';

/**
 * One instant at which a schedule was due. Its identity is its cadence and that instant, whoever asks for it: timer,
 * catch-up, wake-up and built-in scheduler all mean the same tick.
 *
 *     due ──▶ fired (its tick is in the queue) ──▶ ran | skipped | held | superseded
 *       └───▶ missed | superseded | skipped          without a tick
 */
export const SLOT_ENDS = ['ran', 'skipped', 'missed', 'held', 'superseded'] as const;
export type SlotEnd = (typeof SLOT_ENDS)[number];

/** `2026-11-20T07:00:00Z`, as it stands in ticks, in the ledger and in answers. */
export function formatSlot(slotMs: Ms): string {
  return toIso(slotMs).replace('.000Z', 'Z');
}

/** Two texts of one instant are one slot; what is no instant stands for itself. */
export function slotKey(text: string): string {
  const at = parseIso(text);
  return at === undefined ? text : formatSlot(at);
}

/** What the program that fires says; ticks from these sources are hints for a cadence that has a schedule. */
export const SLOT_SOURCE = 'schedule';
const HINT_SOURCES: readonly string[] = ['launchd', 'systemd', 'timer', 'cron'];

/** Put by our own scheduler for one of its slots. */
export function isSlotTick({ slot, source }: { readonly slot?: string; readonly source: string }): boolean {
  return slot !== undefined && source === SLOT_SOURCE;
}

/** A timer of the system says that it is time; our own schedule says for which slot. */
export function isHint(source: string): boolean {
  return HINT_SOURCES.includes(source);
}

/** When a slot may start: spread by a fixed amount per cadence and machine, and by another one per slot, but never past the next slot. */
export function dueOf(slotMs: Ms, policy: Pick<SlotPolicy, 'staggerMs' | 'jitterMs'>, seed: string, nextSlotMs: Ms | undefined): Ms {
  const { staggerMs, jitterMs } = policy;
  if (staggerMs === 0 && jitterMs === 0) return slotMs;
  const spreadMs = fraction(seed) * staggerMs + fraction(`${seed}@${slotMs}`) * jitterMs;
  const dueMs = slotMs + Math.floor(spreadMs / 1000) * 1000;
  return nextSlotMs === undefined ? dueMs : Math.min(dueMs, Math.max(slotMs, nextSlotMs - 1000));
}

/** 0 ≤ x < 1, the same for the same words (FNV-1a, then mixed). */
function fraction(words: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < words.length; index += 1) hash = Math.imul(hash ^ words.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 4_294_967_296;
}
