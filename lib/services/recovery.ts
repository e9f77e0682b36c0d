import type { Cadence } from '../core/cadence.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Paths } from '../core/paths.ts';
import { recordOf, transitionOf } from '../core/record.ts';
import { isFinal, type RunRecord } from '../core/run.ts';
import { settle } from '../core/settle.ts';
import { formatRunId } from '../core/tick.ts';
import { type Ms, parseIso } from '../core/time/instant.ts';
import type { Claim, Clock, Files, History, Journal, Processes, Queue, RunLog } from '../ports.ts';
import type { Conclusion } from './conclusion.ts';
import { endServed, isAskedAnew } from './early-end.ts';
import type { FollowUps } from './follow-ups.ts';
import { isTimersTick } from './hint.ts';
import type { HoldsBook } from './holds-book.ts';
import { inTurns } from './in-turns.ts';
import type { Jobs } from './jobs.ts';
import type { Purse } from './purse.ts';
import { sweepRunFolders } from './run-folders.ts';

/**
 * What a new owner does with what the last one left, before anything is claimed. While one owner lives no claim is
 * stale, so this is a step of the start and needs no time limits:
 *
 * - its key has run already, under tries that are none of this claim's: it is served, as it would have been told;
 * - the run's end is recorded: the move it prescribes is carried out;
 * - hooks and notices that recorded ends prescribe are put where they are missing;
 * - a child lives, or left its exit code: it is adopted;
 * - a timer's tick of a schedule: it only asks what became of its slot, and is to ask again;
 * - none of these: the run was interrupted. The attempt stays charged, so that a tick which kills its owner ends in the dlq.
 */
export interface RecoveryDeps {
  readonly clock: Clock;
  readonly files: Files;
  readonly paths: Paths;
  readonly queue: Queue;
  readonly history: History;
  readonly runLog: Pick<RunLog, 'flush'>;
  readonly journal: Journal;
  readonly conclusion: Conclusion;
  readonly jobs: Jobs;
  readonly followUps: Pick<FollowUps, 'makeGood'>;
  readonly book: HoldsBook;
  readonly purse: Pick<Purse, 'charge'>;
  /** As the run of this id was begun, by whichever of its agents. */
  readonly cadenceOf: (name: string, runId: string) => Cadence;
  readonly isAlive: (runId: string, runDir: string) => boolean;
  readonly adopt: Processes['adopt'];
  /** A keyed tick of this id has ended. */
  readonly hasEnded: (tickId: string) => boolean;
  readonly onFault: (error: unknown) => void;
}

/** More than can lie between a recorded end and its move when an owner dies. */
const RECENT_RUNS = 5_000;

export async function recover(deps: RecoveryDeps): Promise<void> {
  const { files, paths, queue, history, book, jobs } = deps;
  // What ends here wakes the owner, who may begin the next run before all is recovered.
  const left = files.list(paths.running);
  const unseen = await book.load();
  const claims = await queue.orphans();
  const recorded = history.newest(
    new Set(claims.flatMap(({ name }) => [name.attempts, name.attempts - 1].map((tries) => formatRunId(name.id, tries)))),
    RECENT_RUNS,
  );
  // The owner before us may have died between a record and its flush: no move before that is on disk.
  if (claims.length > 0) await deps.runLog.flush();
  const open: Claim[] = [];
  for (const claim of claims) {
    if (isServed(deps, claim)) {
      await endServed(claim, deps);
      continue;
    }
    const end = endOf(deps, recorded, claim);
    if (end === undefined || !(await completeMove(deps, claim, end))) open.push(claim);
  }
  for await (const run of inTurns(deps.clock, unseen)) if (run.moves_to?.startsWith('dlq/')) queue.report(run, history.attempts(run.cadence, run.tick));
  await deps.followUps.makeGood(unseen);
  // From here on what ended before is done, and its records need not be seen again.
  book.save();
  // Of what was interrupted in its guard there may be a folder of that.
  const adopted = open.filter((claim) => hasFolder(deps, claim)).map(runIdOf);
  await Promise.all(open.map((claim) => resume(deps, claim)));
  sweepRunFolders(deps, left, new Set([...adopted, ...jobs.running().map(({ runId }) => runId)]));
}

/** A child was begun for it, whatever was recorded of it before: a power cut brings back what was cancelled in vain. */
const hasFolder = ({ files, paths }: RecoveryDeps, claim: Claim): boolean => files.info(`${paths.running}/${runIdOf(claim)}`) !== undefined;
const runIdOf = ({ name }: Claim): string => formatRunId(name.id, name.attempts);

/**
 * The same key once more is the same tick, and its first try has the id of that of the run which it had: no record of that
 * one is its own. What was given up is not served: it may be that very tick, whose move to the dlq a power cut has undone.
 */
function isServed(deps: RecoveryDeps, claim: Claim): boolean {
  if (!isAskedAnew(claim) || hasFolder(deps, claim) || !deps.hasEnded(claim.name.id)) return false;
  const latest = deps.history.find(claim.name.id);
  return latest !== undefined && latest.attempt > claim.name.attempts && isFinal(latest.status) && latest.moves_to === undefined;
}

function endOf(deps: RecoveryDeps, recorded: ReadonlyMap<string, RunRecord>, claim: Claim): RunRecord | undefined {
  const end = recorded.get(runIdOf(claim));
  const unrun = hasFolder(deps, claim) ? undefined : endedUnrun(recorded, claim);
  if (end === undefined || isBefore(recorded, unrun, end)) return unrun;
  const atMs = begunMs(deps, runIdOf(claim));
  return isEndOf(end, atMs) || isOfEarlierTry(deps, end, atMs) ? end : undefined;
}

/** Newest first, as they were found. */
function isBefore(recorded: ReadonlyMap<string, RunRecord>, one: RunRecord | undefined, other: RunRecord): boolean {
  return [...recorded.values()].find((run) => run === one || run === other) === one;
}

/** A try that was not charged gives its id to the next one, and a power cut may bring its folder back: what has ended since then has ended. */
function isOfEarlierTry({ history }: RecoveryDeps, { cadence, run_id }: RunRecord, atMs: Ms | undefined): boolean {
  return history.runs({ cadence, limit: RECENT_RUNS }).some((run) => run.run_id === run_id && isEndOf(run, atMs));
}

/** The clock of files may be behind that of the owner. */
const CLOCKS_APART_MS: Ms = 1_000;

/** A power cut brings back a tick whose end is recorded, and it runs again under its name: that child is not ended by that record. */
function isEndOf({ started_at, ended_at }: RunRecord, atMs: Ms | undefined): boolean {
  const [startedMs, endedMs] = [parseIso(started_at), parseIso(ended_at)];
  if (atMs === undefined || startedMs === undefined || endedMs === undefined) return true;
  return atMs >= Math.min(startedMs, endedMs) - CLOCKS_APART_MS && atMs <= Math.max(startedMs, endedMs) + CLOCKS_APART_MS;
}

/** A tick that turned out to be too old once it was claimed was recorded under the try that it did not spend. A revived one ended so before. */
function endedUnrun(recorded: ReadonlyMap<string, RunRecord>, { name, tick }: Claim): RunRecord | undefined {
  const before = tick.dead === undefined ? recorded.get(formatRunId(name.id, name.attempts - 1)) : undefined;
  return before !== undefined && isFinal(before.status) ? before : undefined;
}

/** Carries out the move that the record prescribes. A deferral gives its run id back, so its record may be an earlier one's: that run is judged again, not believed. */
async function completeMove({ queue, history }: RecoveryDeps, claim: Claim, end: RunRecord): Promise<boolean> {
  const transition = transitionOf(end);
  if (transition === undefined || (transition.to === 'waiting' && transition.name.attempts !== claim.name.attempts)) return false;
  await queue.settle(claim, transition, transition.to === 'dlq' ? history.attempts(end.cadence, end.tick) : []);
  return true;
}

async function resume(deps: RecoveryDeps, claim: Claim): Promise<void> {
  const runId = runIdOf(claim);
  const cadence = deps.cadenceOf(claim.name.cadence, runId);
  const startedMs = begunMs(deps, runId) ?? deps.clock.nowMs();
  if (hasFolder(deps, claim)) deps.jobs.adopt(claim, cadence, startedMs).catch(deps.onFault);
  else if (isTimersTick(claim) && cadence.schedule !== undefined) await askAgain(deps, claim);
  else await interrupt(deps, claim, cadence, startedMs);
}

/** Where a schedule decides, what a timer has dropped is not run: the owner died before it had asked what became of the slot. */
async function askAgain({ queue }: RecoveryDeps, claim: Claim): Promise<void> {
  const name = { ...claim.name, attempts: claim.name.attempts - 1 };
  await queue.settle(claim, { to: 'waiting', status: 'interrupted', name, because: 'the owner died before it had begun' }, []);
}

async function interrupt(deps: RecoveryDeps, claim: Claim, cadence: Cadence, startedMs: number): Promise<void> {
  const { clock, conclusion } = deps;
  const outcome: Outcome = { kind: 'interrupted', by: 'owner-died', reason: 'the owner died while it ran' };
  const transition = settle(claim.name, claim.tick, outcome, cadence.retry, clock.nowMs(), clock.random());
  const run = recordOf({
    name: claim.name,
    tick: claim.tick,
    cadence,
    startedMs,
    endedMs: clock.nowMs(),
    outcome,
    transition,
    ending: undefined,
    stdoutPath: null,
    stderrPath: null,
    costUsd: undefined,
    chargedUsd: deps.purse.charge(cadence, { kind: cadence.run.kind, outcome, ending: undefined, costUsd: undefined, hasRun: true }),
  });
  await conclusion.end({ claim, transition, run, runDirs: [] });
}

/** When its first child, which is its guard's where it has one, was begun, as far as its folders say. */
function begunMs({ files, paths }: RecoveryDeps, runId: string): Ms | undefined {
  const begun = files.info(`${paths.running}/${runId}.guard/run.json`) ?? files.info(`${paths.running}/${runId}/run.json`);
  return begun === undefined ? undefined : Math.round(begun.mtimeMs);
}
