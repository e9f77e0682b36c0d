import { type Breaker, freeAtMs } from '../breaker.ts';
import type { AgentSlot, Cadence } from '../cadence.ts';
import { accountKey, providerKey } from '../holds.ts';
import { GUARD_CLASS } from '../judge.ts';
import type { Ending, Outcome } from '../outcome.ts';
import { causeInWords } from '../session/cause.ts';
import { SESSION_CLASSES } from '../session/class.ts';
import { lastLines } from '../text/excerpt.ts';
import type { Ms } from '../time/instant.ts';

/**
 * The agents that may run one cadence, in the order of `agents:`. A run is the first one's whose breaker and account are
 * free, so one that is dead, or out of money, is passed over and nobody waits for it. Where none is free the tick waits for the one
 * that is free first. It is chosen anew for each run: an agent that is well again is the first again.
 */
export function chooseSlot(cadence: Cadence, breakerOf: (key: string) => Breaker, nowMs: Ms): Cadence {
  const fitting = slotsOf(cadence);
  const freeMs = (slot: AgentSlot): Ms => Math.max(0, ...keysOf(slot).map((key) => freeAtMs(breakerOf(key))));
  const free = fitting.find((slot) => freeMs(slot) <= nowMs);
  const first = free ?? fitting.reduce<AgentSlot | undefined>((best, slot) => (best !== undefined && freeMs(best) <= freeMs(slot) ? best : slot), undefined);
  return first === undefined ? cadence : withSlot(cadence, first);
}

/** Those that may be used for what it does: one that is for diagnosis only runs nothing else. */
export function slotsOf({ slots = [], isDiagnosis = false }: Pick<Cadence, 'slots' | 'isDiagnosis'>): readonly AgentSlot[] {
  return slots.filter(({ isForDiagnosis }) => isDiagnosis || !isForDiagnosis);
}

/** The cadence as each of its agents would run it; one without a choice of agents as it is. */
export function variantsOf(cadence: Cadence): readonly Cadence[] {
  const fitting = slotsOf(cadence);
  return fitting.length === 0 ? [cadence] : fitting.map((slot) => withSlot(cadence, slot));
}

/** As this agent of it runs it; where it has none of that name, as it is. */
export function asRunBy(cadence: Cadence, provider: string | undefined): Cadence {
  const slot = cadence.slots?.find(({ name }) => name === provider);
  return slot === undefined ? cadence : withSlot(cadence, slot);
}

function withSlot(cadence: Cadence, { name, run, account, workspace }: AgentSlot): Cadence {
  return { ...cadence, run, account, workspace, provider: name };
}

function keysOf({ name, account }: AgentSlot): readonly string[] {
  return [providerKey(name), ...(account === undefined ? [] : [accountKey(account)])];
}

/** What the program could not even begin with, whatever it was asked to do: another agent can. */
const UNUSABLE: readonly (string | undefined)[] = ['config', 'model', 'hung_start'];
/** A shell's words for: no such program, and: it cannot be executed. */
const NO_PROGRAM: readonly (number | null)[] = [126, 127];

/**
 * Whose failure it is, where there is a choice of agents. An agent that could not begin has failed, not the duty: the tick
 * is not charged, and goes to the next one. So has one whose account nobody has named. A program that does not tell the class of
 * its failure is believed where its last words name a cause that is its account's.
 */
export function blamedOn(cadence: Pick<Cadence, 'provider' | 'account' | 'run'>, outcome: Outcome, ending: Ending | undefined): Outcome {
  if (cadence.provider === undefined || (outcome.kind !== 'fail' && outcome.kind !== 'give_up')) return outcome;
  const spoken = cadence.run.kind === 'agent' && outcome.blame === 'cadence' && outcome.class === undefined ? accountCause(ending) : undefined;
  if (spoken !== undefined) return { ...outcome, kind: 'fail', class: spoken, blame: cadence.account === undefined ? 'provider' : 'account' };
  const isNobodysAccount = outcome.blame === 'account' && cadence.account === undefined;
  const hasNotBegun =
    ending !== undefined && outcome.class !== GUARD_CLASS && (ending.spawnError !== null || (ending.stoppedFor === null && NO_PROGRAM.includes(ending.code)));
  const isUnusable = outcome.blame === 'cadence' && (hasNotBegun || UNUSABLE.includes(outcome.class));
  return isNobodysAccount || isUnusable ? { ...outcome, kind: 'fail', blame: 'provider' } : outcome;
}

function accountCause(ending: Ending | undefined): string | undefined {
  if (ending === undefined || ending.stoppedFor !== null || ending.code === 0) return undefined;
  const cause = causeInWords(lastLines(ending.stderrTail, 3).join('\n'));
  return cause !== undefined && SESSION_CLASSES[cause].scope === 'account' ? cause : undefined;
}
