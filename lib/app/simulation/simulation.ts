import { createDefinitions } from '../../config/definitions.ts';
import { isBuiltin } from '../../core/builtin.ts';
import type { BusSettings, Cadence } from '../../core/cadence.ts';
import { CadenceError } from '../../core/error.ts';
import { pathsOf } from '../../core/paths.ts';
import { dueOf } from '../../core/slot/slot.ts';
import { instantsBetween, nextInstant } from '../../core/time/calendar.ts';
import type { Ms } from '../../core/time/instant.ts';
import { zoneOf } from '../../core/time/zone.ts';
import { createFiles } from '../../platform/files.ts';
import { readMachine } from '../../platform/machine.ts';
import { createMemoryFiles } from '../../platform/memory-files.ts';
import { createUptime } from '../../platform/uptime.ts';
import { createVirtualClock, type VirtualClock } from '../../platform/virtual-clock.ts';
import type { Files, Problem } from '../../ports.ts';
import { composeOwner, type OwnerParts, type OwnerWiring } from '../compose.ts';
import type { Runners } from '../owner/running.ts';
import { createReading } from '../reading.ts';
import { createSimulatedRunners, estimateRun, type RunEstimate } from './run.ts';
import { beginAsItIs, FRESH, type SimulationStart } from './start.ts';
import { NO_TICKS, takeTicks } from './ticks.ts';

export interface SimulationQuery {
  readonly fromMs: Ms;
  /** Not of it any more. */
  readonly toMs: Ms;
  /** Definitions of this folder instead of the root's own. */
  readonly config: string | undefined;
  /** Every run takes so long. */
  readonly durationMs: Ms | undefined;
  /** It begins with nothing held or spent and with no ticks, not with those of now. */
  readonly isFresh: boolean;
}

/** What is left when the time is over: the memory of an owner that never was. */
export interface Simulated {
  readonly start: SimulationStart;
  readonly files: Files;
  readonly cadences: readonly Cadence[];
  readonly problems: readonly Problem[];
  readonly estimateOf: (cadence: Cadence) => RunEstimate;
  readonly meetings: Meetings;
}

/** What the ticks of slots met before they ran, by tick. */
export interface Meetings {
  /** They came while a run of the same cadence was under way. */
  readonly overlapped: ReadonlySet<string>;
  /** What the gate said of them. */
  readonly heldBy: ReadonlyMap<string, ReadonlySet<string>>;
}

interface TimedSlot {
  readonly cadence: string;
  readonly dueMs: Ms;
}

const MOST_SLOTS = 10_000;

/**
 * An owner as it is, scheduler, gate, budgets, breakers and all; but its time moves from one event to the next, its state
 * lies in memory, and a run is only time that passes. It begins with what is held and spent now, and what waits or runs.
 */
export async function simulate(root: string, query: SimulationQuery): Promise<Simulated> {
  const { fromMs, toMs, config, durationMs } = query;
  const paths = pathsOf(root);
  const disk = createFiles();
  const folder = config ?? paths.cadences;
  if (config !== undefined && disk.info(config)?.kind !== 'folder')
    throw new CadenceError('not_found', `there is no folder ${config}`, 'Name a folder with definitions, like cadences/.');
  const defined = createDefinitions({ files: disk, paths: { root: paths.root, cadences: folder }, home: readMachine().home });
  const cadences = defined.all().flatMap(({ cadence }) => (cadence?.schedule === undefined ? [] : [cadence]));
  const problems = [...new Set([...defined.problems(), ...defined.all().flatMap((one) => one.problems)])];
  const timed = timedSlots(cadences, fromMs, toMs);
  const reading = createReading(root);
  const { history } = reading;
  const estimates = new Map(cadences.map(({ name }) => [name, estimateRun(history, name, durationMs)]));
  const estimateOf = ({ name }: Cadence): RunEstimate => estimates.get(name) ?? estimateRun(history, name, durationMs);
  // A slot at the very first instant is one of them.
  const clock = createVirtualClock(fromMs - 1);
  const files = createMemoryFiles({ disk, clock, within: [paths.state, paths.logs], insteadOf: { [paths.cadences]: folder } });
  const ticks = query.isFresh ? NO_TICKS : takeTicks(reading, files);
  const start = query.isFresh ? FRESH : beginAsItIs(reading, files, fromMs, createUptime().timezone(), ticks);
  const owner = composeSimulated(root, files, clock, createSimulatedRunners(clock, estimateOf, ticks.startedMs));
  const timers = isByTimer(defined.settings()) ? timed : [];
  const meetings = await live(owner, clock, toMs - 1, timers);
  return { start, files, cadences, problems, estimateOf, meetings };
}

function isByTimer({ scheduler }: BusSettings): boolean {
  return scheduler !== 'builtin';
}

/** In the order in which they come. */
function timedSlots(cadences: readonly Cadence[], fromMs: Ms, toMs: Ms): readonly TimedSlot[] {
  const machineZone = createUptime().timezone();
  const slots: TimedSlot[] = [];
  for (const { name, schedule } of cadences) {
    if (schedule === undefined) continue;
    const zone = zoneOf(schedule.timezone ?? machineZone);
    for (const at of instantsBetween(schedule, zone, fromMs - 1, toMs - 1)) {
      if (slots.length === MOST_SLOTS)
        throw new CadenceError('usage', `more than ${MOST_SLOTS} slots come in that time`, 'Choose a --to that is nearer to --from.');
      slots.push({ cadence: name, dueMs: dueOf(at, schedule, `${readMachine().host}/${name}`, nextInstant(schedule, zone, at)) });
    }
  }
  return slots.sort((a, b) => a.dueMs - b.dueMs);
}

interface SimulatedOwner {
  readonly parts: OwnerParts;
  /** Throws what nobody could handle. */
  check(): void;
}

function composeSimulated(root: string, files: Files, clock: VirtualClock, runners: Runners): SimulatedOwner {
  const startMs = clock.nowMs();
  const faults: unknown[] = [];
  const passedMs = (): Ms => clock.nowMs() - startMs;
  const parts = composeOwner({
    ...{ root, files, clock, runners, hearProgram: nobodyKnows },
    ownership: { isHeld: () => true, serve: () => undefined, close: () => undefined },
    uptime: { sinceBootMs: passedMs, awakeMs: passedMs, timezone: createUptime().timezone },
    // Hooks and notices are real, so none is carried out.
    serves: (cadence) => !isBuiltin(cadence),
    wake: () => undefined,
    onFault: (fault) => faults.push(fault),
  });
  return {
    parts,
    check() {
      if (faults.length > 0) throw faults[0];
    },
  };
}

/** No program is asked: a hold of an account goes by its time alone. */
const nobodyKnows: NonNullable<OwnerWiring['hearProgram']> = async () => ({ code: null, stdout: '', stderr: '', because: 'simulated' });

/** From event to event, until the time is over. */
async function live(owner: SimulatedOwner, clock: VirtualClock, endMs: Ms, timers: readonly TimedSlot[]): Promise<Meetings> {
  const { parts } = owner;
  const watch = watchMeetings(parts);
  await parts.recover();
  let told = 0;
  /** Runs that end at that instant have ended before anything else is done at it. */
  async function passTo(ms: Ms): Promise<void> {
    clock.moveTo(ms);
    await clock.breathe();
    await parts.conclusion.idle();
  }
  for (;;) {
    for (let timer = timers[told]; timer !== undefined && timer.dueMs <= clock.nowMs(); timer = timers[told]) {
      await parts.scheduling.hint(timer.cadence, clock.nowMs());
      told += 1;
    }
    const lookMs = Math.max(clock.nowMs() + 1, await work(owner, clock, watch.look));
    const nextMs = Math.min(lookMs, clock.nextMs() ?? Number.POSITIVE_INFINITY, timers[told]?.dueMs ?? Number.POSITIVE_INFINITY);
    await passTo(Math.min(nextMs, endMs));
    if (nextMs > endMs) break;
  }
  await work(owner, clock, watch.look);
  parts.consumer.close();
  return watch.meetings;
}

const TURNS = 3;

/** All that may be done at this instant. Answers when there is something to do again. */
async function work({ parts, check }: SimulatedOwner, clock: VirtualClock, look: () => void): Promise<Ms> {
  let nextMs = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < TURNS; turn += 1) {
    const slotMs = await parts.scheduling.poll();
    const tickMs = await parts.consumer.poll();
    const askMs = parts.probe.poll();
    look();
    await parts.conclusion.idle();
    await clock.breathe();
    check();
    nextMs = Math.min(...[slotMs, tickMs, askMs].map((ms) => ms ?? Number.POSITIVE_INFINITY));
  }
  return nextMs;
}

/** Over at the same instant here, or no hold at all. */
const MOMENTARY: ReadonlySet<string> = new Set(['busy', 'due', 'probe']);

function watchMeetings({ journal, jobs, queue, definitions, gatekeeper }: OwnerParts) {
  const overlapped = new Set<string>();
  const heldBy = new Map<string, Set<string>>();
  const waiting = new Set<string>();
  journal.onEvent(({ stage, tick, cadence }) => {
    if (stage !== 'slot_fired' || tick === undefined) return;
    waiting.add(tick);
    if (jobs.running().some((job) => job.cadence === cadence)) overlapped.add(tick);
  });
  return {
    meetings: { overlapped, heldBy },
    /** What keeps those that wait, by the gate's own word. */
    look(): void {
      for (const id of waiting) {
        const name = queue.find(id);
        if (name === undefined) {
          if (!jobs.running().some(({ runId }) => runId.startsWith(`${id}-`))) waiting.delete(id);
          continue;
        }
        const definition = definitions.get(name.cadence);
        const verdict = definition === undefined ? undefined : gatekeeper.verdict(name, definition);
        if (verdict?.kind !== 'hold' || MOMENTARY.has(verdict.cause)) continue;
        heldBy.set(id, (heldBy.get(id) ?? new Set()).add(verdict.cause));
      }
    },
  };
}
