/** A rule that is broken on purpose, and the tests that must notice it. */
export interface Mutant {
  readonly rule: string;
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly from: string;
  readonly to: string;
  /** Parts of paths of tests, as `npm test -- …` takes them. */
  readonly tests: readonly string[];
}

const core =
  (name: string) =>
  (rule: string, from: string, to: string, tests: readonly string[]): Mutant => ({ rule, file: `lib/core/${name}.ts`, from, to, tests });
const [breaker, holds, gate, settle, backoff] = [core('breaker'), core('holds'), core('gate'), core('settle'), core('backoff')];
const [judge, slots, line, budget, tick, verdict] = [
  core('judge'),
  core('slot/decision'),
  core('slot/line'),
  core('money/budget'),
  core('tick'),
  core('session/verdict'),
];
const SIM = ['sim/'];

export const MUTANTS: readonly Mutant[] = [
  breaker('a breaker opens on the n-th failure, not after it', 'failures >= policy.failures', 'failures > policy.failures', ['core/breaker']),
  breaker('only its probe closes an opening', 'return breaker.probe_id === runId ? CLOSED : breaker;', 'return CLOSED;', ['core/breaker']),
  breaker('an opening is doubled', 'openMs * 2', 'openMs * 1', ['core/breaker']),
  breaker('an opening is at most so long', 'Math.min(Math.max(openMs * 2, policy.openMs), policy.maxOpenMs)', 'Math.max(openMs * 2, policy.openMs)', [
    'core/breaker',
  ]),
  breaker(
    'a probe is void after a restart',
    "return breaker.state === 'half_open' ? reopened(breaker) : breaker;\n}\n\nexport function tripped",
    'return breaker;\n}\n\nexport function tripped',
    ['core/breaker'],
  ),
  breaker('no hold is longer than it may be from now', '> nowMs + maxMs ? {', '> nowMs + maxMs * 1000 ? {', ['core/breaker']),
  holds(
    'what the account did is no failure of the cadence',
    'return [account === undefined ? cadenceKey(cadence) : accountKey(account)];',
    'return [cadenceKey(cadence)];',
    ['core/holds'],
  ),
  holds('a dead key opens at once', "run.class === 'auth' || run.class === 'billing'", "run.class === 'billing'", ['core/holds']),
  gate('a halt holds everything', "  if (input.halted !== undefined) return hold('halt', input.halted);\n", '', ['core/gate']),
  gate('a tick is not run before it is due', 'input.dueMs > nowMs', 'input.dueMs > nowMs + 60_000', ['core/gate']),
  gate('a breaker that is free in this instant holds no more', 'if (freeMs > nowMs) return', 'if (freeMs >= nowMs) return', ['core/gate']),
  gate('nothing starts on a disk that fails', "  if (input.storage !== undefined) return hold('storage', input.storage);\n", '', ['core/gate']),
  settle(
    'a tick is tried so often, and no more',
    "if (spent >= policy.attempts) return { to: 'dlq', status: 'dead', name: { ...name, reason: 'exhausted' }",
    "if (spent > policy.attempts) return { to: 'dlq', status: 'dead', name: { ...name, reason: 'exhausted' }",
    ['core/settle'],
  ),
  settle(
    'a tick that kills its owner ends in the dlq',
    "if (spent >= policy.attempts) return { to: 'dlq', status: 'dead', name: { ...name, reason: 'owner-died' }",
    "if (spent > policy.attempts) return { to: 'dlq', status: 'dead', name: { ...name, reason: 'owner-died' }",
    ['core/settle'],
  ),
  settle('no tick is charged for its account', "status: 'failed', name: { ...uncharged, dueMs: nowMs }", "status: 'failed', name: { ...name, dueMs: nowMs }", [
    'core/settle',
  ]),
  backoff('the wait grows with the tries', 'delays.length) - 1]', 'delays.length) - 2]', ['core/settle', 'core/breaker']),
  backoff('a wait varies either way', '2 * random - 1', 'random', ['core/settle']),
  judge('exit 75 asks for another time', 'const RETRY_LATER = 75;', 'const RETRY_LATER = 74;', ['core/judge']),
  judge('exit 78 will fail again', 'readonly number[] = [77, 78]', 'readonly number[] = [77]', ['core/judge']),
  judge(
    'a guard that says 1 has nothing to do',
    'ending.stoppedFor === null && ending.code === 1) return { kind',
    'ending.stoppedFor === null && ending.code === 2) return { kind',
    ['core/judge', 'runners/'],
  ),
  slots('of slots slept over the newest runs', 'due.newest.slice(-most)', 'due.newest.slice(0, most)', ['core/slot/decision']),
  slots('a slot whose window is over does not run', 'nowMs - dueMs <= limitMs', 'nowMs - dueMs >= 0', ['core/slot/decision']),
  line('the end of a slot ahead decides nothing before it', 'last === undefined && ahead.includes(slot)', 'false', ['services/scheduler']),
  slots('not more than a hundred slots are made up for', 'const MOST_CAUGHT_UP = 100', 'const MOST_CAUGHT_UP = 101', ['core/slot/decision']),
  budget('what is set aside counts', 'spent + reserved + (unit', 'spent + 0 * reserved + (unit', ['core/money/budget']),
  budget('what cost nobody knows is charged', 'return end.costUsd === undefined && mayHaveSpent(end) ? reserved : 0;', 'return 0;', [
    'core/money/budget',
    'services/purse',
  ]),
  budget('a run needs what 19 of 20 needed', 'inOrder.length * 0.95', 'inOrder.length * 0.5', ['core/money/budget']),
  tick('a name is canonical to its last character', 'const TICK_ID = /^[a-z0-9]{12}$/;', 'const TICK_ID = /^[a-z0-9]{11,12}$/;', ['core/tick']),
  tick('a revived tick begins with a fresh count', 'name.attempts - (tick.dead?.attempts ?? 0)', 'name.attempts', ['core/tick', 'core/settle']),
  tick(
    'a cadence name leads nowhere else',
    'const CADENCE_NAME = /^[a-z0-9][a-z0-9-]{0,48}[a-z0-9]$/;',
    'const CADENCE_NAME = /^[a-z0-9.][a-z0-9/.-]{0,48}[a-z0-9]$/;',
    ['core/tick'],
  ),
  verdict(
    'an exit code alone proves no session',
    'const endedWell = ({ code, signal }: Ending): boolean => code === 0 && signal === null;',
    'const endedWell = (_ending: Ending): boolean => true;',
    ['core/session/verdict'],
  ),
  verdict('a session that says it failed has failed', "result.subtype === 'success' && result.is_error === false", "result.subtype === 'success'", [
    'core/session/verdict',
  ]),
  verdict('a session whose every tool was denied did nothing', "(isAllDenied(session) ? 'denied' : 'ok')", "'ok'", ['core/session/verdict']),
  core('text/redaction')('what a full stop cuts off is a secret too', 'const LEAST_PART = 6;', 'const LEAST_PART = 60;', ['core/text/redaction']),
  core('text/redaction')('the longest secret is taken out first', 'b.text.length - a.text.length', 'a.text.length - b.text.length', ['core/text/redaction']),
  core('evidence')('who cannot prove its work has failed', "if (isRequired) return { kind: 'fail'", "if (!isRequired) return { kind: 'fail'", [
    'core/evidence',
  ]),
  core('retention')('what is of today is never taken', 'kept.day < today', 'kept.day <= today', ['core/retention']),
  core('run-watch')('sleep is not held against a silent run', 'Math.min(gapMs, restMs(state) + LATE_MS)', 'gapMs', ['core/run-watch']),
  core('conservation')('what lies nowhere is missing', '!placed.has(id) && !census.finished.has(id)).sort()', 'false && !census.finished.has(id)).sort()', [
    'core/conservation',
  ]),
  {
    rule: 'a tick for later does not hold one for now',
    file: 'lib/services/parking.ts',
    from: "cause === 'due' && head",
    to: "cause === 'halt' && head",
    tests: SIM,
  },
  {
    rule: 'a record is on disk before the file goes',
    file: 'lib/services/conclusion.ts',
    from: '      note(runs);\n      await runLog.flush();\n',
    to: '      note(runs);\n',
    tests: SIM,
  },
  { rule: 'a new owner reads all that waits', file: 'lib/bus/file-queue.ts', from: 'isUnread || (isPartial', to: '(isPartial', tests: SIM },
  { rule: 'a claim that could not be opened is given back', file: 'lib/bus/file-queue.ts', from: '    stranded.giveBack();\n', to: '', tests: SIM },
  {
    rule: 'slots decided together are put together',
    file: 'lib/services/scheduler.ts',
    from: '= ledger.firedBefore.filter(',
    to: '= ledger.firedBefore.slice(-1).filter(',
    tests: SIM,
  },
];
