import { mkdirSync, writeFileSync } from 'node:fs';
import { readSlots, type SlotQuery } from '../../lib/app/answers/slot-reading.ts';
import { composeOwner, type OwnerParts } from '../../lib/app/compose.ts';
import type { Outcome } from '../../lib/core/outcome.ts';
import type { SlotView } from '../../lib/core/slot/account.ts';
import { createClock } from '../../lib/platform/clock.ts';
import { createFiles } from '../../lib/platform/files.ts';
import { createProcesses } from '../../lib/platform/processes.ts';
import type { Clock, Files, Http, Job, Runner, Uptime } from '../../lib/ports.ts';
import { type TestClock, testClock } from './bus.ts';
import { tempRoot } from './temp-root.ts';

/** A machine whose time moves when the test says so: it works, sleeps, is set, is carried away, crashes and is started again. */
export interface TimeYard {
  readonly root: string;
  readonly clock: TestClock;
  /** Every run, as `<cadence> <slot> <attempt>`, in order. */
  readonly ran: string[];
  cadence(name: string, ...lines: readonly string[]): void;
  /** An owner begins. */
  start(): Promise<void>;
  /** It ends as it should. */
  stop(because?: string): Promise<void>;
  /** It is gone, and what it had in memory with it. */
  crash(): void;
  /** Time passes; the owner, if there is one, does what is to be done. */
  pass(ms: number): Promise<void>;
  passUntil(iso: string): Promise<void>;
  /** The machine sleeps; what is to be done is seen to when it wakes. */
  sleep(ms: number): Promise<void>;
  sleepUntil(iso: string): Promise<void>;
  /** Nobody is there, and the machine is off. */
  off(ms: number): Promise<void>;
  setClock(iso: string): Promise<void>;
  carryTo(zone: string): Promise<void>;
  slots(cadence: string, query?: Partial<SlotQuery>): readonly SlotView[];
  owner(): OwnerParts;
}

export interface TimeYardOptions {
  readonly startIso: string;
  readonly zone?: string;
  readonly outcome?: (job: Job, clock: Clock, takes: Takes) => Ended | Promise<Ended>;
  readonly http?: Http;
  readonly files?: () => Files;
  /** Runs are real children, while which no time passes in the yard. */
  readonly isReal?: boolean;
}

/** The run goes on for so long, in the yard's time. */
type Takes = (ms: number) => Promise<void>;

/** How a run ends, and what it answers as data. */
type Ended = Outcome & { readonly answer?: unknown };

const FINE: Outcome = { kind: 'ok', summary: 'done' };

export function createTimeYard({ startIso, zone = 'UTC', outcome = () => FINE, files = createFiles, http, isReal = false }: TimeYardOptions): TimeYard {
  const root = tempRoot('cb-time-');
  const clock = testClock(Date.parse(startIso));
  const time = { bootMs: 0, awakeMs: 0, zone };
  const uptime: Uptime = { sinceBootMs: () => time.bootMs, awakeMs: () => time.awakeMs, timezone: () => time.zone };
  const ran: string[] = [];
  const busyUntil = new Map<string, number>();
  let parts: OwnerParts | undefined;
  let fault: unknown;
  let isWoken = false;
  mkdirSync(`${root}/cadences`, { recursive: true });

  const run: Runner['run'] = async (job) => {
    ran.push(`${job.cadence.name} ${job.tick.slot ?? '-'} ${job.attempt}`);
    const takes: Takes = async (ms) => {
      busyUntil.set(job.runId, clock.nowMs() + ms);
      await new Promise<void>((resolve) => void clock.after(ms, resolve));
      busyUntil.delete(job.runId);
      isWoken = true;
    };
    const { answer, ...ended } = await outcome(job, clock, takes);
    const result = answer === undefined ? {} : { result: { kind: 'kept', value: answer } as const };
    return { outcome: ended, ending: undefined, stdoutPath: null, stderrPath: null, ...result };
  };
  const adopt: Runner['adopt'] = async () => ({
    outcome: { kind: 'interrupted', by: 'owner-died', reason: 'the owner died while it ran' },
    ending: undefined,
    stdoutPath: null,
    stderrPath: null,
  });
  const runner: Runner = { run, adopt };

  function move(ms: number, isAsleep: boolean): void {
    time.bootMs += ms;
    if (!isAsleep) time.awakeMs += ms;
    clock.advance(ms);
  }

  /** Everything that may be done now. Answers when to look again. */
  async function work(): Promise<number> {
    const owner = parts;
    if (owner === undefined) return Number.POSITIVE_INFINITY;
    let nextMs = Number.POSITIVE_INFINITY;
    for (let turn = 0; turn < 3 || isWoken; turn += 1) {
      isWoken = false;
      const slotMs = await owner.scheduling.poll();
      const tickMs = await owner.consumer.poll();
      await owner.conclusion.idle();
      await clock.breathe();
      // What the program itself has under way waits for the disk, and no time passes meanwhile.
      while (parts === owner && owner.jobs.running().some(({ cadence, runId }) => (isReal || cadence.startsWith('bus-')) && !busyUntil.has(runId)))
        await (isReal ? new Promise((resolve) => setTimeout(resolve, 1)) : clock.breathe());
      while (owner.probe.isAsking()) await clock.breathe();
      nextMs = Math.min(...[slotMs, tickMs, owner.probe.poll(), owner.announcing.poll()].map((ms) => ms ?? Number.POSITIVE_INFINITY), ...busyUntil.values());
    }
    if (fault !== undefined) throw fault;
    return nextMs;
  }

  async function pass(ms: number): Promise<void> {
    const untilMs = clock.nowMs() + ms;
    for (;;) {
      const nextMs = await work();
      if (parts === undefined || nextMs > untilMs) break;
      move(Math.max(1, nextMs - clock.nowMs()), false);
      // Runs that take time end, and what follows them is done.
      await clock.breathe();
    }
    move(Math.max(0, untilMs - clock.nowMs()), false);
    await work();
  }

  const yard: TimeYard = {
    root,
    clock,
    ran,
    cadence: (name, ...lines) => {
      writeFileSync(`${root}/cadences/${name}.yaml`, `run: { command: [true] }\n${lines.join('\n')}\n`.replace('[true]', '["true"]'));
      const changes = parts?.definitions.reload(`${root}/cadences/${name}.yaml`);
      if (changes !== undefined) parts?.announceDefinitions(changes);
    },
    async start() {
      const ownership = { isHeld: () => true, serve: () => undefined, close: () => undefined };
      const onFault = (error: unknown): void => {
        fault = error;
      };
      const wake = (): void => {
        isWoken = true;
      };
      const stands = {
        files: files(),
        clock,
        uptime,
        ...(isReal
          ? { processes: createProcesses({ clock: createClock(), files: createFiles() }) }
          : { runners: { inline: runner, command: runner, claude: runner, agent: runner } }),
        ...(http === undefined ? {} : { http }),
      };
      parts = composeOwner({ root, ownership, serves: () => true, wake, onFault, ...stands });
      await parts.recover();
      await work();
    },
    async stop(because = 'stopped by its user') {
      await parts?.scheduling.end(because);
      parts?.consumer.close();
      parts?.book.save();
      await parts?.journal.flush();
      parts?.runLog.close();
      parts = undefined;
    },
    crash() {
      parts?.consumer.close();
      parts = undefined;
    },
    pass,
    passUntil: (iso) => pass(Date.parse(iso) - clock.nowMs()),
    async sleep(ms) {
      move(ms, true);
      await work();
    },
    sleepUntil: (iso) => yard.sleep(Date.parse(iso) - clock.nowMs()),
    async off(ms) {
      yard.crash();
      move(ms, true);
      time.bootMs = 0;
      time.awakeMs = 0;
    },
    async setClock(iso) {
      clock.set(Date.parse(iso));
      await work();
    },
    async carryTo(to) {
      time.zone = to;
      await work();
    },
    slots: (cadence, query = {}) =>
      readSlots(root, cadence, { fromMs: 0, untilMs: clock.nowMs(), most: 100_000, nowMs: clock.nowMs(), isOwned: parts !== undefined, shared: [], ...query }),
    owner() {
      if (parts === undefined) throw new Error('there is no owner');
      return parts;
    },
  };
  return yard;
}
