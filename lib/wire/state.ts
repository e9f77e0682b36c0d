import type { CircuitView } from '../core/circuit-view.ts';
import type { Holds } from '../core/holds.ts';
import type { PurseView } from '../core/money/purse-view.ts';
import { parseIso } from '../core/time/instant.ts';

/**
 * The state files, as they are accepted when they are read again. A newer format is not ours to read. They are checked without
 * schemas, for an owner reads them before its first claim, and loading those takes longer than all of that.
 */
export function parseHolds(value: unknown): Holds | undefined {
  return isHolds(value) ? value : undefined;
}

export function parseCircuitView(value: unknown): CircuitView | undefined {
  return isCircuitView(value) ? value : undefined;
}

export function parsePurse(value: unknown): PurseView | undefined {
  return isPurse(value) ? value : undefined;
}

type Fields = Readonly<Record<string, unknown>>;
type Test = (value: unknown) => boolean;

const isMap = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): boolean => typeof value === 'string';
const isTextOrAbsent = (value: unknown): boolean => value === undefined || isText(value);
const isTextOrNull = (value: unknown): boolean => value === null || isText(value);
const isInstant = (value: unknown): boolean => isText(value) && parseIso(value) !== undefined;
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
const isAmount = (value: unknown): boolean => Number.isFinite(value) && Number(value) >= 0;
const isOneOf = (value: unknown, ...words: readonly string[]): boolean => typeof value === 'string' && words.includes(value);
const isMapOf = (value: unknown, test: (entry: Fields) => boolean): boolean =>
  isMap(value) && Object.values(value).every((entry) => isMap(entry) && test(entry));
const isAbsentOr = (value: unknown, test: Test): boolean => value === undefined || test(value);

function isHolds(value: unknown): value is Holds {
  if (!isMap(value) || value.format !== 1) return false;
  const { through, breakers, paused, probes } = value;
  return (
    isMap(through) &&
    isText(through.day) &&
    isCount(through.bytes) &&
    isMapOf(breakers, isBreaker) &&
    isMapOf(paused, ({ since, because }) => isInstant(since) && isText(because)) &&
    isAbsentOr(probes, (book) => isMapOf(book, isProbe))
  );
}

/** `class` came later: a book of an earlier version has none. */
const isBlamed = (entry: Fields): boolean => isText(entry.because) && isText(entry.run_id) && isTextOrAbsent(entry.class);

const BREAKERS: Readonly<Record<string, (entry: Fields) => boolean>> = {
  closed: () => true,
  backing_off: (entry) => isInstant(entry.until) && isBlamed(entry),
  open: (entry) => isInstant(entry.until) && isAmount(entry.open_ms) && isBlamed(entry),
  half_open: (entry) => isInstant(entry.until) && isAmount(entry.open_ms) && isBlamed(entry) && isText(entry.probe_id),
  isolated: ({ since, because }) => isInstant(since) && isText(because),
  blocked: (entry) => isInstant(entry.until) && (entry.open_ms === undefined || isAmount(entry.open_ms)) && isBlamed(entry),
};

function isBreaker(entry: Fields): boolean {
  const { state, failures } = entry;
  return typeof state === 'string' && Object.hasOwn(BREAKERS, state) && isCount(failures) && BREAKERS[state]?.(entry) === true;
}

function isProbe({ kind, mark, run_id, cadence, asked_at }: Fields): boolean {
  return isOneOf(kind, 'fit', 'unfit', 'unknown') && isText(mark) && isText(run_id) && isText(cadence) && isInstant(asked_at);
}

function isCircuitView(value: unknown): value is CircuitView {
  if (!isMap(value) || !isInstant(value.generated)) return false;
  const areEntries: Test = (book) => isMapOf(book, isCircuit);
  return areEntries(value.open) && areEntries(value.accounts) && isAbsentOr(value.providers, areEntries);
}

function isCircuit(entry: Fields): boolean {
  return (
    isCount(entry.failures) &&
    (entry.open_until === null || isInstant(entry.open_until)) &&
    isOneOf(entry.state, 'open', 'half_open', 'isolated') &&
    isText(entry.reason) &&
    isTextOrNull(entry.run_id) &&
    isTextOrAbsent(entry.class) &&
    isTextOrAbsent(entry.advice)
  );
}

function isPurse(value: unknown): value is PurseView {
  if (!isMap(value) || value.format !== 1) return false;
  return (
    isInstant(value.generated) &&
    isText(value.zone) &&
    isMapOf(value.reserved, ({ cadence, usd }) => isText(cadence) && isAmount(usd)) &&
    isMapOf(value.holds, ({ scope, until, because }) => isOneOf(scope, 'cadence', 'bus') && isInstant(until) && isText(because))
  );
}
