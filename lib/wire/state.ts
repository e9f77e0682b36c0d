import * as z from 'zod';
import type { CircuitView } from '../core/circuit-view.ts';
import type { Holds } from '../core/holds.ts';
import { parseIso } from '../core/instant.ts';
import type { PurseView } from '../core/purse-view.ts';

/** The state files, as they are accepted when they are read again. A newer format is not ours to read. */
const instant = z.string().refine((text) => parseIso(text) !== undefined);
const failures = z.number().int().min(0);
const because = z.string();
const run_id = z.string();
/** `class` came later: a book of an earlier version has none. */
const blamed = { because, run_id, class: z.string().optional() };
const open_ms = z.number().min(0);

const breaker = z.discriminatedUnion('state', [
  z.object({ state: z.literal('closed'), failures }),
  z.object({ state: z.literal('backing_off'), failures, until: instant, ...blamed }),
  z.object({ state: z.literal('open'), failures, until: instant, open_ms, ...blamed }),
  z.object({ state: z.literal('half_open'), failures, until: instant, open_ms, ...blamed, probe_id: z.string() }),
  z.object({ state: z.literal('isolated'), failures, since: instant, because }),
  z.object({ state: z.literal('blocked'), failures, until: instant, ...blamed }),
]);

const probe = z.object({ kind: z.enum(['fit', 'unfit', 'unknown']), mark: z.string(), run_id, cadence: z.string(), asked_at: instant });

const holdsSchema = z.object({
  format: z.literal(1),
  through: z.object({ day: z.string(), bytes: z.number().int().min(0) }),
  breakers: z.record(z.string(), breaker),
  paused: z.record(z.string(), z.object({ since: instant, because })),
  probes: z.record(z.string(), probe).optional(),
}) satisfies z.ZodType<Holds>;

const entry = z.object({
  failures,
  open_until: instant.nullable(),
  state: z.enum(['open', 'half_open', 'isolated']),
  reason: z.string(),
  run_id: z.string().nullable(),
  class: z.string().optional(),
  advice: z.string().optional(),
});
const entries = z.record(z.string(), entry);
const viewSchema = z.object({ generated: instant, open: entries, accounts: entries, providers: entries.optional() }) satisfies z.ZodType<CircuitView>;

const purseSchema = z.object({
  format: z.literal(1),
  generated: instant,
  zone: z.string(),
  reserved: z.record(z.string(), z.object({ cadence: z.string(), usd: z.number().min(0) })),
  holds: z.record(z.string(), z.object({ scope: z.enum(['cadence', 'bus']), until: instant, because })),
}) satisfies z.ZodType<PurseView>;

export function parsePurse(value: unknown): PurseView | undefined {
  return purseSchema.safeParse(value).data;
}

export function parseHolds(value: unknown): Holds | undefined {
  return holdsSchema.safeParse(value).data;
}

export function parseCircuitView(value: unknown): CircuitView | undefined {
  return viewSchema.safeParse(value).data;
}
