import type { Evidence } from './evidence.ts';
import type { Ending, Outcome } from './outcome.ts';
import { lastLines, truncate } from './text/excerpt.ts';
import { formatDuration } from './time/duration.ts';
import type { Ms } from './time/instant.ts';

const RETRY_LATER = 75;
const PERMANENT: readonly number[] = [77, 78];
const SIGNALS: Readonly<Record<number, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  14: 'SIGALRM',
  15: 'SIGTERM',
};

/** What the end of a process means, for a program that says it with its exit code. */
export function judgeExit(ending: Ending, okCodes: readonly number[]): Outcome {
  switch (ending.stoppedFor) {
    case 'timeout':
      return { kind: 'fail', blame: 'cadence', reason: withLines(`timed out after ${formatDuration(limitOf(ending))}`, ending) };
    case 'idle':
      return { kind: 'fail', blame: 'cadence', reason: withLines('stopped: no output for its idle_timeout', ending) };
    case 'hung_start':
      return { kind: 'fail', blame: 'cadence', reason: withLines(`hung at its start: no word for ${formatDuration(limitOf(ending))}`, ending) };
    case 'budget':
      return { kind: 'give_up', blame: 'cadence', reason: withLines('stopped: it has cost more than its budget', ending), class: 'budget' };
    case 'spent':
      return { kind: 'fail', blame: 'nobody', reason: withLines('stopped: the limit of its day or month is reached', ending), class: 'spent' };
    case 'in_vain':
      return { kind: 'fail', blame: 'cadence', reason: withLines('stopped: trying again is in vain', ending) };
    case 'cancel':
      return { kind: 'cancelled', reason: 'cancelled' };
    case 'halt':
      return { kind: 'interrupted', by: 'operator', reason: 'stopped by halt' };
    case 'owner_end':
      return { kind: 'interrupted', by: 'operator', reason: 'stopped, for its owner was: a handler ends with it' };
    case 'lost':
      return { kind: 'interrupted', by: 'owner-died', reason: 'its process is gone and left no exit code' };
    case null:
      break;
  }
  if (ending.spawnError !== null) return { kind: 'fail', blame: 'cadence', reason: `could not be started: ${ending.spawnError}` };
  const { code, signal } = ending;
  if (code !== null && okCodes.includes(code)) return { kind: 'ok', summary: summarize(ending.stdoutTail) };
  if (code === RETRY_LATER) return { kind: 'defer', delayMs: undefined, reason: withLines('exit 75: asked to be tried later', ending) };
  const reason = withLines(describeExit(code, signal), ending);
  if (code !== null && PERMANENT.includes(code)) return { kind: 'give_up', blame: 'cadence', reason };
  return { kind: 'fail', blame: 'cadence', reason };
}

/** What was passed, and not how long it took to end after that. */
export function limitOf({ limitMs, durationMs }: Pick<Ending, 'limitMs' | 'durationMs'>): Ms {
  return limitMs ?? durationMs;
}

/** Of a failure: nothing of the run itself has begun. */
export const GUARD_CLASS = 'guard';

/** A guard is like grep: 0 there is work, 1 there is none, anything else is an error. */
export function judgeGuard(ending: Ending): Outcome | undefined {
  if (ending.stoppedFor === null && ending.spawnError === null && ending.code === 0) return undefined;
  if (ending.stoppedFor === null && ending.code === 1) return { kind: 'skip', reason: withLines('its guard found nothing to do', ending) };
  const outcome = judgeExit(ending, []);
  return outcome.kind === 'fail' || outcome.kind === 'give_up' ? { ...outcome, class: GUARD_CLASS, reason: `its guard failed: ${outcome.reason}` } : outcome;
}

/** A look for evidence: 0 it is there, 1 it is not, anything else says nothing about the run. */
export function judgeEvidence(ending: Ending): Pick<Evidence, 'outcome' | 'because'> {
  const { stoppedFor, spawnError, code, signal } = ending;
  if (stoppedFor !== null || spawnError !== null) {
    const outcome = judgeExit(ending, []);
    return { outcome: 'unknown', because: outcome.kind === 'ok' ? '' : outcome.reason };
  }
  const because = withLines(describeExit(code, signal), ending);
  return { outcome: code === 0 ? 'proven' : code === 1 ? 'not_proven' : 'unknown', because };
}

/** The signal that ended a process. A shell reports one as 128 + n, and so does the shim. */
export function signalOf(code: number | null, signal: string | null): string | undefined {
  return signal ?? (code !== null && code > 128 ? SIGNALS[code - 128] : undefined);
}

/** `exit 3`, `killed by SIGKILL (often: out of memory)`. */
export function describeExit(code: number | null, signal: string | null): string {
  const name = signalOf(code, signal);
  if (name === 'SIGKILL') return 'killed by SIGKILL (often: out of memory)';
  if (name !== undefined) return `killed by ${name}`;
  if (code === 127) return 'exit 127 (command not found)';
  if (code === 126) return 'exit 126 (command cannot be executed)';
  return code === null ? 'ended without an exit code' : `exit ${code}`;
}

/** The last five lines in at most 200 characters: what a person sees of a run that went well. */
export function summarize(stdout: string): string {
  return truncate(lastLines(stdout, 5).join(' | '), 200);
}

/** What a shell says of its child that we have ended with it. */
const OF_A_SHELL = /^(?:Killed|Terminated)\n?$/gm;

/** What the shell between us and the program puts before its own words, where it finds no such program: a place that is of use to nobody. */
const BEFORE_WORDS_OF_SHIM = /^(?:\/.*\/running\/[\w-]+|cadence-bus-shim): (?:line )?\d+: (?:exec: )?/gm;

/** Where Node and Java print the way to a fault behind its words, and Node its own version behind both: the words are the reason. */
const BEHIND_A_FAULT = /^[ \t]+at \S.*(?:\)|:\d+)(?: \{)?\r?$|^Node\.js v\d+\.\S+\r?$/gm;

function withLines(head: string, ending: Ending): string {
  const stderr = ending.stoppedFor === null ? ending.stderrTail : ending.stderrTail.replace(OF_A_SHELL, '');
  const said = stderr.trim() === '' ? ending.stdoutTail : stderr.replace(BEFORE_WORDS_OF_SHIM, '');
  const words = said.replace(BEHIND_A_FAULT, '');
  const lines = lastLines(words.trim() === '' ? said : words, 3).join(' | ');
  return lines === '' ? head : `${head}: ${truncate(lines, 600)}`;
}
