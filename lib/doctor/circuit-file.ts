import { type CircuitEntry, type CircuitView, circuitView } from '../core/circuit-view.ts';
import type { Holds } from '../core/holds.ts';
import type { Paths } from '../core/paths.ts';
import { type Ms, parseIso } from '../core/time/instant.ts';
import type { Clock, Files } from '../ports.ts';
import { type Check, FIX, type Finding, fail, ok, warn } from './check.ts';
import type { StateFile } from './state-file.ts';
import { counted, listed } from './wording.ts';

export interface CircuitFileDeps {
  readonly clock: Pick<Clock, 'nowMs' | 'after'>;
  readonly files: Pick<Files, 'write' | 'remove' | 'flushDir'>;
  readonly paths: Pick<Paths, 'state' | 'circuit'>;
  readonly holds: () => StateFile<Holds>;
  readonly circuit: () => StateFile<CircuitView>;
  readonly isOwned: () => Promise<boolean>;
}

/** An owner writes the holds first and their view right after; what is still apart a moment later is no coincidence. */
const MOMENT_MS: Ms = 300;

/**
 * `circuit-open.json` is read by programs that know nothing else of the bus, so it must tell the truth. It is what the holds
 * came to at the instant it was generated: the passing of time alone is no disagreement.
 */
export function createCircuitFileCheck(deps: CircuitFileDeps): Check {
  const { clock, files, paths, holds, circuit } = deps;

  function look(): Finding {
    const [book, view] = [holds(), circuit()];
    if (view.kind === 'broken') return fail(`${paths.circuit}: ${view.because}`, book.kind === 'whole' ? FIX : 'cadence-bus start');
    if (book.kind === 'whole') return compare(book.value, view.kind === 'whole' ? view.value : undefined);
    if (view.kind === 'absent')
      return book.kind === 'absent' ? ok('there is none, and no hold') : warn('what is open cannot be told: holds.json is broken', 'cadence-bus start');
    return fail(`it names ${namesOf(view.value)} and cannot be compared, for holds.json is ${book.kind}`, 'cadence-bus start');
  }

  function compare(book: Holds, view: CircuitView | undefined): Finding {
    const expected = circuitView(book, parseIso(view?.generated) ?? clock.nowMs());
    const differences = [
      ...differencesOf('', expected?.open, view?.open),
      ...differencesOf('account ', expected?.accounts, view?.accounts),
      ...differencesOf('agent ', expected?.providers, view?.providers),
    ];
    if (differences.length > 0) return fail(`it does not say what holds.json says: ${listed(differences, 3)}`, FIX);
    return ok(view === undefined ? 'nothing is open, so there is no file' : `it says what holds.json says: ${counted(entriesOf(view).length, 'open circuit')}`);
  }

  return {
    id: 'circuit-file',
    title: 'circuit-open.json',
    isOwnersWork: true,
    async inspect() {
      const first = look();
      if (first.level !== 'fail' || !(await deps.isOwned())) return first;
      await new Promise<void>((resolve) => void clock.after(MOMENT_MS, resolve));
      return look();
    },
    async repair() {
      const book = holds();
      if (book.kind !== 'whole') return '';
      const view = circuitView(book.value, clock.nowMs());
      if (view !== undefined) files.write(paths.circuit, `${JSON.stringify(view, null, 2)}\n`);
      else if (files.remove(paths.circuit)) files.flushDir(paths.state);
      return view === undefined ? `removed ${paths.circuit}: nothing is open` : `wrote ${paths.circuit} anew from holds.json`;
    },
  };
}

type Entries = Readonly<Record<string, CircuitEntry>>;

function differencesOf(kind: string, expected: Entries = {}, found: Entries = {}): readonly string[] {
  return [...new Set([...Object.keys(expected), ...Object.keys(found)])].sort().flatMap((name) => {
    const [should, is] = [entryOf(expected, name), entryOf(found, name)];
    if (is === undefined) return [`${kind}${name} is open and not in it`];
    if (should === undefined) return [`${kind}${name} is in it and not open`];
    const field = (['state', 'failures', 'open_until', 'reason', 'run_id'] as const).find((key) => should[key] !== is[key]);
    return field === undefined ? [] : [`${kind}${name} has the ${field} ${is[field]}, not ${should[field]}`];
  });
}

/** Names come from a file that anybody may have edited. */
function entryOf(entries: Entries, name: string): CircuitEntry | undefined {
  return Object.hasOwn(entries, name) ? entries[name] : undefined;
}

function entriesOf({ open, accounts, providers = {} }: CircuitView): readonly string[] {
  return [...Object.keys(open), ...Object.keys(accounts).map((name) => `account ${name}`), ...Object.keys(providers).map((name) => `agent ${name}`)];
}

function namesOf(view: CircuitView): string {
  return listed(entriesOf(view));
}
