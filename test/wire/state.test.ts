import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import * as z from 'zod';
import { parseIso } from '../../lib/core/time/instant.ts';
import { parseCircuitView, parseHolds, parsePurse } from '../../lib/wire/state.ts';

/** The same said by schemas. */
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
  z.object({ state: z.literal('blocked'), failures, until: instant, open_ms: open_ms.optional(), ...blamed }),
]);

const probe = z.object({ kind: z.enum(['fit', 'unfit', 'unknown']), mark: z.string(), run_id, cadence: z.string(), asked_at: instant });

const holdsSchema = z.object({
  format: z.literal(1),
  through: z.object({ day: z.string(), bytes: z.number().int().min(0) }),
  breakers: z.record(z.string(), breaker),
  paused: z.record(z.string(), z.object({ since: instant, because })),
  probes: z.record(z.string(), probe).optional(),
});

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
const viewSchema = z.object({ generated: instant, open: entries, accounts: entries, providers: entries.optional() });

const purseSchema = z.object({
  format: z.literal(1),
  generated: instant,
  zone: z.string(),
  reserved: z.record(z.string(), z.object({ cadence: z.string(), usd: z.number().min(0) })),
  holds: z.record(z.string(), z.object({ scope: z.enum(['cadence', 'bus']), until: instant, because })),
});

const AT = '2026-11-20T07:00:00Z';
const BLAMED = { because: 'exit 1', run_id: 'x7k2p9qd4mzt-1', class: 'auth' };
const WHOLE = {
  holds: {
    format: 1,
    through: { day: '2026-11-20', bytes: 7 },
    breakers: {
      'cadence:a': { state: 'closed', failures: 0 },
      'cadence:b': { state: 'backing_off', failures: 1, until: AT, ...BLAMED },
      'cadence:c': { state: 'open', failures: 3, until: AT, open_ms: 1_800_000, ...BLAMED },
      'cadence:d': { state: 'half_open', failures: 3, until: AT, open_ms: 0.5, ...BLAMED, probe_id: 'p' },
      'cadence:e': { state: 'isolated', failures: 0, since: AT, because: 'by hand' },
      'account:f': { state: 'blocked', failures: 0, until: AT, because: 'quota', run_id: '' },
    },
    paused: { bus: { since: AT, because: '' } },
    probes: { 'account:f': { kind: 'fit', mark: '', run_id: '', cadence: 'a', asked_at: AT } },
  },
  view: {
    generated: AT,
    open: { a: { failures: 3, open_until: AT, state: 'open', reason: 'exit 1', run_id: null, class: 'auth', advice: 'log in' } },
    accounts: { f: { failures: 0, open_until: null, state: 'isolated', reason: '', run_id: 'x' } },
    providers: {},
  },
  purse: {
    format: 1,
    generated: AT,
    zone: 'UTC',
    reserved: { 'x7k2p9qd4mzt-1': { cadence: 'a', usd: 0.5 } },
    holds: { a: { scope: 'cadence', until: AT, because: 'spent' } },
  },
} as const;
const LOOKS = { holds: [parseHolds, holdsSchema], view: [parseCircuitView, viewSchema], purse: [parsePurse, purseSchema] } as const;

type Place = readonly string[];

/** Every place of a document. */
function placesOf(value: unknown, at: Place = []): readonly Place[] {
  const inside = typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([key, one]) => placesOf(one, [...at, key])) : [];
  return [at, ...inside];
}

/** The document with another value there; undefined: with none. */
function altered(value: unknown, [key, ...rest]: Place, by: unknown): unknown {
  if (key === undefined) return by;
  const { [key]: old, ...others } = value as Readonly<Record<string, unknown>>;
  const now = altered(old, rest, by);
  return now === undefined ? others : { ...others, [key]: now };
}

const other = fc.constantFrom<unknown>(
  undefined,
  null,
  true,
  0,
  -1,
  0.5,
  2 ** 53,
  1,
  2,
  '',
  'open',
  'closed',
  'fit',
  'bus',
  'soon',
  AT,
  'constructor',
  [],
  {},
  { a: null },
);

describe('the state files', () => {
  for (const name of ['holds', 'view', 'purse'] as const) {
    const [parse, schema] = LOOKS[name];
    it(`are accepted as schemas would: ${name}`, () => {
      assert.deepEqual(parse(WHOLE[name]), WHOLE[name]);
      let accepted = 0;
      const change = fc.tuple(fc.constantFrom(...placesOf(WHOLE[name])), other);
      fc.assert(
        fc.property(fc.array(change, { minLength: 1, maxLength: 2 }), (changes) => {
          const places = changes.filter(([place], index) => !changes.some(([above], at) => at !== index && above.every((key, depth) => place[depth] === key)));
          const text = JSON.stringify(places.reduce<unknown>((document, [place, by]) => altered(document, place, by), WHOLE[name])) ?? 'null';
          const isOne = schema.safeParse(JSON.parse(text)).success;
          if (isOne) accepted += 1;
          assert.equal(parse(JSON.parse(text)) !== undefined, isOne, text);
        }),
        { numRuns: 1_500 },
      );
      assert.ok(accepted > 20, `${accepted} were accepted`);
    });
  }
});
