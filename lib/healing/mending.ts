import type { Cadence } from '../core/cadence.ts';
import type { Attempt, AttemptStatus } from '../core/heal/attempt.ts';
import { type EndedFix, type Fix, type HealBook, overlayOf, type Print, printFor, printOf, type Step, withOverlay, withPrint } from '../core/heal/book.ts';
import { healCadence, workKey } from '../core/heal/cadence.ts';
import { cadenceKey } from '../core/holds.ts';
import { askHuman, type Incident } from '../core/incident/incident.ts';
import type { RunRecord } from '../core/run.ts';
import { type Ms, parseIso, toIso } from '../core/time/instant.ts';
import type { Clock, Definitions, History, Incidents, Journal } from '../ports.ts';
import type { HealEffects } from './effects.ts';
import type { FixFolder } from './fix-folder.ts';
import type { HealingBook } from './healing-book.ts';
import type { Ledger } from './ledger.ts';

/** Carries out what was decided. Each of these may be done twice, for an owner may die between any two of them. */
export interface Mending {
  /** What came of a fix: in the ledger, in its folder, told. */
  ended(fix: EndedFix, because: string): Promise<void>;
  /** A fix is in force from now on: in the ledger, in its folder, told. */
  applied(fix: Fix): Promise<void>;
  /** A step, for this failure. */
  carryOut(step: Step, about: { readonly incident: Incident; readonly run: RunRecord | undefined; readonly cadence: Cadence }): Promise<void>;
  /** The print of an incident, as it is remembered. */
  printOf(incident: Incident): Print;
  /** Remembers a print, and what the next runs of its cadence see: what they saw, or nothing; and what this fix sets. */
  remember(fingerprint: string, print: Print, overlay: 'keep' | 'drop', fix?: Fix): void;
}

export interface MendingDeps {
  readonly clock: Clock;
  readonly journal: Pick<Journal, 'emit'>;
  readonly definitions: Pick<Definitions, 'get'>;
  readonly history: Pick<History, 'find'>;
  readonly incidents: () => Pick<Incidents, 'get' | 'update' | 'dirOf'>;
  readonly book: HealingBook;
  readonly ledger: Ledger;
  readonly effects: HealEffects;
  readonly folder: FixFolder;
}

/** How long a tick of who mends may wait for its turn; after that nobody is helped by it. */
const WAITS_AT_MOST_MS: Ms = 24 * 3_600_000;

export function createMending(deps: MendingDeps): Mending {
  const { clock, journal, book, ledger, effects, folder } = deps;
  const about = ({ cadence, incident_id, source, n }: Fix | EndedFix) => ({ cadence, incident: incident_id, source, fix: n });

  async function begun(fix: Fix): Promise<void> {
    folder.note(deps.incidents().dirOf(fix.incident_id), fix);
    await ledger.write(rowOf(fix, 'pending'));
    journal.emit({ level: 'warn', stage: fix.status === 'working' ? 'fix_begun' : 'fix_applied', ...about(fix), because: fix.description });
    const heal = (incident: Incident): Incident => ({ ...incident, state: incident.state === 'ignored' ? 'ignored' : 'healing', attempts: fix.n });
    deps.incidents().update(fix.incident_id, (incident) => (incident.state === 'resolved' ? incident : heal(incident)));
  }

  async function again(act: 'retry' | 'restart', revives: boolean, run: RunRecord | undefined, cadence: Cadence): Promise<void> {
    if (run === undefined) return;
    if (revives) effects.revive(run, act === 'retry' ? clock.nowMs() + (cadence.retry.delaysMs[0] ?? 0) : clock.nowMs());
    else if (act === 'restart') await effects.hasten(run.cadence);
  }

  function start(step: Extract<Step, { kind: 'start' }>, cadence: Cadence): void {
    const { fix, timeoutMs } = step;
    const payload = { fingerprint: fix.fingerprint, incident_id: fix.incident_id, n: fix.n };
    const key = workKey(fix);
    if (step.with === 'session') {
      folder.request(deps.incidents().dirOf(fix.incident_id), fix, timeoutMs, '');
      effects.wakeAt({ ...payload, next: 'give_up' }, `wait:${key}`, (parseIso(fix.began_at) ?? 0) + timeoutMs);
      return;
    }
    const name = fix.worker ?? healCadence(cadence, fix.rung);
    if (name !== undefined) effects.start(name, payload, key, (parseIso(fix.began_at) ?? 0) + WAITS_AT_MOST_MS);
  }

  /** A pause waits for `resume`; an abort gives the tick up, too, and waits for `breaker reset`. */
  function hold(how: 'pause' | 'abort', because: string, { incident, run, cadence }: Parameters<Mending['carryOut']>[1]): void {
    const key = `${how}:${incident.id}:${run?.run_id ?? incident.occurrences}`;
    effects.order({ order: how === 'pause' ? 'pause' : 'trip', key: cadenceKey(cadence.name), because: `${because} (${incident.id})` }, key);
    if (how === 'abort' && run?.retry_at !== undefined) effects.order({ order: 'cancel', id: run.tick }, `cancel:${key}`);
  }

  function askPerson(incident: Incident, because: string, sinks: readonly string[], isChronic: boolean): void {
    const at = toIso(clock.nowMs());
    deps.incidents().update(incident.id, (now) => {
      if (now.state === 'resolved') return now;
      return askHuman(now, { at: now.state === 'needs_human' ? (now.asked?.at ?? at) : at, because, sinks, ...(isChronic ? { chronic: true as const } : {}) });
    });
    folder.request(deps.incidents().dirOf(incident.id), { incident_id: incident.id, detector: incident.detector, source: 'human' }, undefined, because);
    journal.emit({ level: 'error', stage: 'human_asked', cadence: incident.cadence, incident: incident.id, because });
  }

  return {
    async ended(fix, because) {
      // A fix may recur after its incident was forgotten, whose folder must not come back with nothing else in it.
      if (deps.incidents().get(fix.incident_id) !== undefined) folder.note(deps.incidents().dirOf(fix.incident_id), fix);
      await ledger.write({ ...rowOf(fix, fix.status), description: because === '' ? fix.description : `${fix.description}: ${because}` });
      journal.emit({
        level: fix.status === 'kept' ? 'info' : 'warn',
        stage: 'fix_ended',
        ...about(fix),
        status: fix.status,
        because: because === '' ? fix.description : because,
      });
      deps.incidents().update(fix.incident_id, (incident) => told(incident, fix));
    },
    applied: begun,
    async carryOut(step, failure) {
      const { incident, run, cadence } = failure;
      switch (step.kind) {
        case 'none':
          return;
        case 'act':
          await begun(step.fix);
          await again(step.act, step.revives, run, cadence);
          return;
        case 'start':
          await begun(step.fix);
          start(step, cadence);
          return;
        case 'hold':
          hold(step.how, step.because, failure);
          askPerson(incident, step.because, [], false);
          return;
        case 'human':
          askPerson(incident, step.because, step.sinks, step.isChronic);
      }
    },
    printOf: (incident) => printFor(printOf(book.now(), incident.fingerprint), incident.cadence, incident.id, clock.nowMs()),
    remember(fingerprint, print, overlay, fix) {
      const next = withPrint(book.now(), fingerprint, print, clock.nowMs());
      const before = overlay === 'drop' && overlayOf(next, print.cadence) !== undefined ? withOverlay(next, print.cadence, undefined) : next;
      book.change(fix?.set === undefined ? before : overlaid(before, print.cadence, fix, fix.set));
    },
  };
}

function told(incident: Incident, { status, source, proven_at, n }: EndedFix): Incident {
  switch (status) {
    case 'kept':
      return incident;
    case 'recurred':
      return { ...incident, recurred: { fix: n, source, kept_at: proven_at ?? '' } };
    case 'regressed':
    case 'crashed':
      return incident.state === 'healing' ? { ...incident, state: 'open' } : incident;
  }
}

function overlaid(book: HealBook, cadence: string, fix: Fix, set: NonNullable<Fix['set']>): HealBook {
  const values = { ...overlayOf(book, cadence)?.values, ...set };
  return withOverlay(book, cadence, { values, since: fix.applied_at ?? fix.began_at, incident_id: fix.incident_id, source: fix.source });
}

/** A rule takes no time; who works takes until it is applied or over. */
function rowOf(fix: Fix | EndedFix, status: AttemptStatus): Attempt {
  const tookMs = fix.applied_at === undefined ? 0 : (parseIso(fix.applied_at) ?? 0) - (parseIso(fix.began_at) ?? 0);
  return {
    timestamp: fix.began_at,
    incident_id: fix.incident_id,
    detector: fix.detector,
    source: fix.source,
    branch: '',
    status,
    duration: Math.max(0, Math.round(tookMs / 100) / 10),
    description: fix.description,
  };
}
