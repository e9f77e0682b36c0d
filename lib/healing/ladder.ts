import type { Cadence } from '../core/cadence.ts';
import {
  afterWindow,
  type EndedFix,
  hourKey,
  hourOf,
  onApproval,
  onFailure,
  onProof,
  onRecurrence,
  type Print,
  printOf,
  type Step,
  withHour,
  withoutFix,
} from '../core/heal/book.ts';
import { healCadence } from '../core/heal/cadence.ts';
import { type Climb, climb, remembered } from '../core/heal/ladder.ts';
import type { LadderPolicy } from '../core/heal/rung.ts';
import type { CareCase } from '../core/incident/care.ts';
import { endOf, type Incident, isFoundOnly } from '../core/incident/incident.ts';
import { isFinal, type RunRecord } from '../core/run.ts';
import { type Ms, parseIso, toIso } from '../core/time/instant.ts';
import type { Ladder } from '../ports.ts';
import type { Mending, MendingDeps } from './mending.ts';

export interface LadderDeps extends MendingDeps {
  readonly mending: Mending;
  /** Why there is no money now for who works on this rung. */
  readonly shortage: (cadence: Cadence, rung: number) => string | undefined;
  /** What a run of this cadence has in its environment now. */
  readonly environmentOf: (cadence: Cadence) => Readonly<Record<string, string>>;
}

/** A failure to be answered: that of a run, or another look at it. */
export interface Failure {
  readonly incident: Incident;
  readonly run: RunRecord | undefined;
  /** Asked twice with the same id, it leads to the same. */
  readonly id: string;
  /** It is one more failure, and no other look at the last one. */
  readonly counts: boolean;
  readonly skipsRules?: boolean;
}

export interface Climber extends Ladder {
  /** Decides what to do about this failure, and sets it off. */
  answer(failure: Failure): Promise<Step | undefined>;
  /** The window of a fix that was proven is over. */
  closeWindow(fingerprint: string): Promise<void>;
}

/** Who has worked longer than this was lost. */
export const WORKS_AT_MOST_MS: Ms = 26 * 3_600_000;
const NOTHING: Step = { kind: 'none', because: 'a run ended well' };

export function createLadder(deps: LadderDeps): Climber {
  const { clock, book, mending, definitions } = deps;

  function policyOf(incident: Incident, run: RunRecord | undefined): { readonly cadence: Cadence; readonly policy: LadderPolicy } | undefined {
    const cadence = definitions.get(run?.cadence ?? incident.cadence)?.cadence;
    return cadence?.ladder === undefined ? undefined : { cadence, policy: cadence.ladder };
  }

  async function answer(failure: Failure): Promise<Step | undefined> {
    const { incident, run, id } = failure;
    const found = policyOf(incident, run);
    if (found === undefined || incident.state === 'resolved') return undefined;
    const known = printOf(book.now(), incident.fingerprint);
    const last = known?.last?.run_id === id && known.incident_id === incident.id ? known.last : decide(failure, found.cadence, found.policy);
    for (const fix of [last.ended, last.recurred]) if (fix !== undefined) await mending.ended(fix, becauseOf(fix));
    await mending.carryOut(last.step, { incident, run, cadence: found.cadence });
    return last.step;
  }

  function decide(failure: Failure, cadence: Cadence, policy: LadderPolicy): NonNullable<Print['last']> {
    const { incident, run, id } = failure;
    const { fingerprint, detector } = incident;
    const nowMs = clock.nowMs();
    // A finding that waited says how it stood when somebody looked.
    const startedMs = parseIso(run === undefined && failure.counts ? incident.found?.at : run?.started_at) ?? nowMs;
    const environment = deps.environmentOf(cadence);
    const times = { startedMs, nowMs, failedMs: run === undefined ? nowMs : (parseIso(endOf(run)) ?? nowMs) };
    const { print, ...judgement } = judged(mending.printOf(incident), times, failure.counts, policy);
    const key = hourKey(cadence.name, detector);
    const hour = hourOf(book.now(), key, nowMs);
    const state: Climb = {
      ...{ policy, print, hour, fingerprint, detector, runId: run?.run_id ?? id, nowMs, message: messageOf(incident, run) },
      isShared: incident.account !== undefined || incident.provider !== undefined || run?.blame === 'account' || run?.blame === 'provider',
      isFound: isFoundBy(failure),
      isFinal: run === undefined || !failure.counts || isFinal(run.status),
      counts: failure.counts,
      shortage: (rung) => deps.shortage(cadence, rung),
      valueNow: (name) => environment[name],
      ...(failure.skipsRules === undefined ? {} : { skipsRules: failure.skipsRules }),
    };
    const step = climbOf(state, cadence);
    const isTry = step.kind === 'act' || step.kind === 'start';
    const began = isTry ? [...hour.began, toIso(nowMs)] : hour.began;
    const isCapped = !isTry && began.length >= policy.perHour;
    const kept = { began, ...(isCapped ? { capped_at: hour.capped_at ?? toIso(nowMs) } : hour.capped_at === undefined ? {} : { capped_at: hour.capped_at }) };
    book.change(withHour(book.now(), key, kept, nowMs));
    const undone = judgement.ended?.status === 'regressed' && policy.onRegression === 'revert' ? 'drop' : 'keep';
    const next = remembered(print, step, id);
    const last = { run_id: id, step, ...judgement };
    // What a rule sets next is put upon what the failing run had, though that is undone.
    mending.remember(fingerprint, { ...next, last }, undone, step.kind === 'act' ? step.fix : undefined);
    return last;
  }

  async function proof({ incident, run }: CareCase): Promise<void> {
    const before = printOf(book.now(), incident.fingerprint);
    if (before === undefined) return;
    const id = `proof:${run?.run_id ?? incident.resolved_at ?? ''}`;
    if (before.last?.run_id !== id) {
      // An operator who says that it is over is believed at once.
      const { print, ended } = onProof(run === undefined ? { ...before, ...withoutWindow(before) } : before, clock.nowMs());
      const last = { run_id: id, step: NOTHING, ...(ended === undefined ? {} : { ended }) };
      mending.remember(incident.fingerprint, { ...print, last }, print.fix === undefined ? 'drop' : 'keep');
    }
    const now = printOf(book.now(), incident.fingerprint);
    if (now?.last?.ended !== undefined) await mending.ended(now.last.ended, '');
    if (now?.fix?.proven_at !== undefined) {
      const untilMs = (parseIso(now.fix.applied_at) ?? 0) + now.fix.verify_ms;
      deps.effects.wakeAt({ fingerprint: incident.fingerprint, next: 'close_window' }, `window:${incident.id}:${now.fix.n}:${now.fix.proven_at}`, untilMs);
    }
    deps.folder.withdraw(deps.incidents().dirOf(incident.id));
  }

  async function approved({ incident }: CareCase): Promise<void> {
    const { fingerprint, cadence, detector } = incident;
    const known = printOf(book.now(), fingerprint);
    const run = deps.history.find(incident.run_ids.at(-1) ?? '');
    if (known === undefined || incident.state === 'resolved') return;
    const id = `approved:${incident.approved_until ?? incident.last_at}:${known.fixes}`;
    if (known.last?.run_id !== id) {
      mending.remember(fingerprint, onApproval(known), 'keep');
      book.change(withHour(book.now(), hourKey(cadence, detector), { began: [] }, clock.nowMs()));
    }
    if (run !== undefined || isFoundOnly(incident)) await answer({ incident, run, id, counts: false });
  }

  return {
    answer,
    async climb(care) {
      const { incident, run } = care;
      switch (care.change) {
        case 'opened':
        case 'occurred':
        case 'recurred':
          await answer({ incident, run, id: run?.run_id ?? `${incident.id}:${incident.occurrences}`, counts: true });
          return;
        case 'resolved':
          return proof(care);
        case 'approved':
          return approved(care);
        case 'asked':
        case 'ignored':
        case 'heard_again':
          return;
      }
    },
    async closeWindow(fingerprint) {
      const before = printOf(book.now(), fingerprint);
      if (before === undefined) return;
      const nowMs = clock.nowMs();
      const { ended } = afterWindow(before, nowMs);
      if (ended === undefined) return;
      // The ledger first: a row too many changes nothing, one too few would be missing for ever.
      await mending.ended(ended, '');
      // Meanwhile a failure may have been answered, which ended this fix itself.
      const now = printOf(book.now(), fingerprint);
      if (now?.fix?.began_at === ended.began_at) mending.remember(fingerprint, afterWindow(now, nowMs).print, 'drop');
    },
  };
}

/** Of a run that failed there is a record, or was. */
function isFoundBy({ incident, run, counts }: Failure): boolean {
  return run === undefined && (isFoundOnly(incident) || (counts && incident.found !== undefined));
}

interface Judged {
  readonly print: Print;
  readonly ended?: EndedFix;
  readonly recurred?: EndedFix;
}

/** What this failure says of the fix that was in force, and of who has been at work for too long. */
function judged(before: Print, times: Readonly<Record<'startedMs' | 'failedMs' | 'nowMs', Ms>>, counts: boolean, policy: LadderPolicy): Judged {
  const { fix } = before;
  const { startedMs, failedMs, nowMs } = times;
  if (fix?.status === 'working' && nowMs - (parseIso(fix.began_at) ?? 0) > WORKS_AT_MOST_MS) {
    const lost: EndedFix = { ...fix, status: 'crashed' };
    return { print: { ...withoutFix(before, lost), failures: before.failures + (counts ? 1 : 0) }, ended: lost };
  }
  if (!counts) return { print: before };
  const window = afterWindow(before, startedMs);
  const { print, recurred } = onRecurrence(window.print, startedMs, failedMs);
  const regression = onFailure(print, startedMs, nowMs, policy.onRegression !== 'ignore');
  const ended = regression.ended ?? window.ended;
  return { print: regression.print, ...(ended === undefined ? {} : { ended }), ...(recurred === undefined ? {} : { recurred }) };
}

/** It remembers who is set to work. */
function climbOf(state: Climb, cadence: Cadence): Step {
  const step = climb(state);
  const worker = step.kind === 'start' && step.with !== 'session' ? healCadence(cadence, step.fix.rung) : undefined;
  return step.kind === 'start' && worker !== undefined ? { ...step, fix: { ...step.fix, worker } } : step;
}

function withoutWindow({ fix }: Print): Pick<Print, 'fix'> {
  return fix === undefined ? {} : { fix: { ...fix, verify_ms: 0 } };
}

function becauseOf({ status }: EndedFix): string {
  switch (status) {
    case 'regressed':
      return 'the same failure came back before a run had ended well';
    case 'recurred':
      return 'the same failure came back within 7 days after it was kept';
    case 'crashed':
      return 'nothing was heard of it any more';
    case 'kept':
      return '';
  }
}

function messageOf({ title }: Incident, run: RunRecord | undefined): string {
  return [run?.reason, run?.stderr_tail, title].filter((text) => text !== undefined && text !== '').join('\n');
}
