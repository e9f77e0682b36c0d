import { isSecretName } from '../text/redaction.ts';
import { formatDuration } from '../time/duration.ts';
import { type Ms, parseIso, toIso } from '../time/instant.ts';
import { beginsAt, type Fix, type Hour, isRecurrence, type Print, type Step } from './book.ts';
import { changedEnv } from './env-change.ts';
import { type AgentRung, firstRung, isAnomaly, isRule, type LadderPolicy, type Rung } from './rung.ts';

/**
 * The ladder, as one rule: retry, rule, agent, human. A rung is tried only while that below it is unproven, and each is
 * bounded: rules by the tries of a tick, agents by time, money and a breaker of the bug's own, all by fixes an hour.
 */
export interface Climb {
  readonly policy: LadderPolicy;
  readonly print: Print;
  readonly hour: Hour;
  readonly fingerprint: string;
  readonly detector: string;
  /** What the failure said, for rules to be found by. */
  readonly message: string;
  readonly runId: string;
  /** It was found without a run that failed: there is nothing to try again, and only `on_diagnose` answers it. */
  readonly isFound: boolean;
  /** The failure of an account or of an agent: its breaker asks again, and no agent mends it. */
  readonly isShared: boolean;
  /** Nothing is tried any more without the ladder. */
  readonly isFinal: boolean;
  /** Why there is no money for an agent now. */
  readonly shortage: (rung: number) => string | undefined;
  /** What the failing run had in its environment. */
  readonly valueNow: (name: string) => string | undefined;
  readonly nowMs: Ms;
  /** It is one more failure, and no other look at the last one. */
  readonly counts: boolean;
  /** A program has been at it and did not help: rules are passed by. */
  readonly skipsRules?: boolean;
}

const MOST_REGRESSIONS = 5;
const AGENT_RESTS_MS: Ms = 6 * 3_600_000;
const AGENT_RESTS_AT_MOST_MS: Ms = 168 * 3_600_000;

/** The place that stands for `on_diagnose`. */
export const DIAGNOSIS = -1;

export function climb(state: Climb): Step {
  const { print, policy, hour } = state;
  if (print.fix?.status === 'working') return none(`${print.fix.source} is at work on it`);
  if (state.isShared) return none('its account or its agent is asked again when its breaker says so');
  if (state.isFound && policy.diagnose === undefined) return none('no agent is to find out why');
  if (print.fix !== undefined) return underProof(state, print.fix);
  const human = (because: string, isChronic = false): Step =>
    state.isFinal ? askHuman(state, because, isChronic) : none(`${because}; what is left of its tries goes on`);
  if (hour.capped_at !== undefined || hour.began.length >= policy.perHour) {
    return human(`${policy.perHour} fixes of ${state.detector} were tried within an hour; none more until it is approved`);
  }
  const agent = agentOf(state);
  const restarts = Math.max(0, print.failures - 1);
  const isAgentsTurn = state.skipsRules === true || print.rule_regressed === true || restarts >= policy.escalateAfter;
  const rule = state.skipsRules === true || state.isFound ? undefined : ruleStep(state, isAgentsTurn && agent !== undefined);
  if (rule !== undefined && 'kind' in rule) return rule;
  if (agent !== undefined && (state.isFinal || isAgentsTurn || rule !== undefined)) {
    const refusal = agentRefusal(state, agent);
    return refusal === undefined ? startAgent(state, agent) : human(refusal.because, refusal.isChronic);
  }
  if (!state.isFinal) return none('its tries are not used up');
  return human(rule?.refused ?? (isRecurrence(print, state.nowMs) ? 'it is back, and nothing is left to try' : 'nothing is left to try'));
}

/** This run began before the fix was in force, or its return is to be ignored: the fix stands, and its tick gets its try. */
function underProof(state: Climb, fix: Fix): Step {
  const { print, policy, isFinal, counts } = state;
  if (state.isFound || !isFinal || !counts || print.revived >= policy.attempts) return none(`${fix.source} is under proof`);
  return { kind: 'act', act: 'restart', revives: true, fix };
}

const none = (because: string): Step => ({ kind: 'none', because });

function askHuman({ policy, detector, message }: Climb, because: string, isChronic: boolean): Step {
  const at = firstRung(policy.rungs, (kind) => kind === 'notify', { detector, message });
  const action = at === undefined ? undefined : policy.rungs[at]?.action;
  return { kind: 'human', because, sinks: action?.kind === 'notify' ? action.sinks : [], isChronic };
}

/** undefined: no rule fits, or they have had their turn. `refused`: one fits, and cannot be carried out. */
function ruleStep(state: Climb, isPassedBy: boolean): Step | { readonly refused: string } | undefined {
  const { policy, detector, message, print } = state;
  const at = firstRung(policy.rungs, isRule, { detector, message });
  const rung = at === undefined ? undefined : policy.rungs[at];
  if (at === undefined || rung === undefined) return undefined;
  const { action } = rung;
  switch (action.kind) {
    case 'pause':
    case 'abort':
      return { kind: 'hold', how: action.kind, because: `the rule for ${wordsOf(rung)} says ${action.kind}` };
    case 'command':
      if (isPassedBy) return undefined;
      return print.regressions >= MOST_REGRESSIONS
        ? { refused: `what was done ${MOST_REGRESSIONS} times did not hold` }
        : {
            kind: 'start',
            with: 'command',
            timeoutMs: action.timeoutMs,
            fix: newFix(state, at, 'rule:command', action.verifyMs, `run ${action.run.argv.join(' ')}`),
          };
    case 'retry':
    case 'restart':
    case 'restart_with_env':
      if (isPassedBy) return undefined;
      if (state.isFinal && print.revived >= policy.attempts) return { refused: `it was restarted ${print.revived} times without a proof` };
      return restartStep(state, at, rung);
    case 'agent':
    case 'notify':
      return undefined;
  }
}

function restartStep(state: Climb, at: number, { action }: Rung): Step | { readonly refused: string } {
  const act = action.kind === 'retry' ? 'retry' : 'restart';
  if (action.kind !== 'restart_with_env') {
    const words = act === 'retry' ? 'try again after the usual wait' : 'try again at once';
    return { kind: 'act', act, revives: state.isFinal, fix: applied(newFix(state, at, `rule:${action.kind}`, 0, words), state.nowMs) };
  }
  const changed = changedEnv(action.set, state.valueNow);
  if (changed.kind === 'impossible') return { refused: changed.because };
  const words = Object.entries(changed.values).map(([name, value]) => `${name}=${isSecretName(name) ? '[redacted]' : value}`);
  const fix = applied(newFix(state, at, 'rule:restart_with_env', 0, `try again with ${words.join(' ')}`), state.nowMs);
  return { kind: 'act', act, revives: state.isFinal, fix: { ...fix, set: changed.values } };
}

interface Agent {
  readonly at: number;
  readonly rung: AgentRung;
}

/** What is no failure of a run is for `on_diagnose`, where there is one. */
function agentOf({ policy, detector, message }: Climb): Agent | undefined {
  if (isAnomaly(detector)) return policy.diagnose === undefined ? undefined : { at: DIAGNOSIS, rung: policy.diagnose };
  const at = firstRung(policy.rungs, (kind) => kind === 'agent', { detector, message });
  const action = at === undefined ? undefined : policy.rungs[at]?.action;
  return at === undefined || action?.kind !== 'agent' ? undefined : { at, rung: action };
}

/** P28: it rests longer with every fix that did not hold, and is not asked again after the fifth. */
function agentRefusal({ print, policy, shortage, nowMs }: Climb, { at, rung }: Agent): { readonly because: string; readonly isChronic?: boolean } | undefined {
  if (print.regressions >= MOST_REGRESSIONS) {
    return { because: `CHRONIC: ${print.regressions} fixes did not hold; no agent is asked again until it is approved`, isChronic: true };
  }
  const askedMs = parseIso(print.agent_at);
  const restMs = agentRestMs(print.regressions);
  // Asked by a clock that has been set back since: nobody knows how long ago that is, and it does not rest until that clock has come again.
  const restsUntilMs = askedMs === undefined || askedMs - nowMs > restMs ? 0 : askedMs + restMs;
  if (nowMs < restsUntilMs)
    return { because: `an agent was asked ${formatDuration(nowMs - (askedMs ?? 0))} ago; the next one not before ${toIso(restsUntilMs)}` };
  if (print.wall_ms + rung.timeoutMs > policy.maxWallMs) {
    return { because: `agents and programs have worked on it for ${formatDuration(print.wall_ms)}, of ${formatDuration(policy.maxWallMs)} at most` };
  }
  const because = shortage(at);
  return because === undefined ? undefined : { because: `no money for an agent: ${because}` };
}

function agentRestMs(regressions: number): Ms {
  return Math.min(AGENT_RESTS_AT_MOST_MS, AGENT_RESTS_MS * 2 ** Math.min(regressions, 30));
}

function startAgent(state: Climb, { at, rung }: Agent): Step {
  const isSession = rung.by.kind === 'session';
  const source = isSession ? 'session' : 'agent';
  const words = isSession ? 'asked a session' : at === DIAGNOSIS ? 'asked the agent for diagnosis' : 'asked the agent';
  return { kind: 'start', with: source, timeoutMs: rung.timeoutMs, fix: newFix(state, at, source, rung.verifyMs, words) };
}

function newFix(state: Climb, rung: number, source: string, verifyMs: Ms, description: string): Fix {
  const { print, fingerprint, detector, runId, nowMs } = state;
  return {
    ...{ n: print.fixes + 1, incident_id: print.incident_id, fingerprint, cadence: print.cadence, detector, source },
    ...{ status: 'working', began_at: beginsAt(print, nowMs), verify_ms: verifyMs, run_id: runId, description, rung },
  };
}

/** It is in force from now on, and has its proof to come. */
export function applied(fix: Fix, nowMs: Ms): Fix {
  return { ...fix, status: 'pending', applied_at: toIso(nowMs) };
}

function wordsOf({ when }: Rung): string {
  return when === undefined
    ? 'any failure'
    : [when.detector, when.message === undefined ? undefined : `/${when.message}/`].filter((word) => word !== undefined).join(' with ');
}

/** What is remembered of a step, so that the same failure told twice leads to the same. */
export function remembered(print: Print, step: Step, runId: string): Print {
  const last = { run_id: runId, step };
  switch (step.kind) {
    case 'none':
    case 'hold':
    case 'human':
      return { ...print, last };
    case 'act':
      return {
        ...print,
        last,
        fix: step.fix,
        begun_at: step.fix.began_at,
        fixes: Math.max(print.fixes, step.fix.n),
        revived: print.revived + (step.revives ? 1 : 0),
      };
    case 'start': {
      const asked = step.with === 'command' ? {} : { agent_at: step.fix.began_at };
      return { ...print, ...asked, last, fix: step.fix, begun_at: step.fix.began_at, fixes: step.fix.n };
    }
  }
}
