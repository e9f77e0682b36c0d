import { type Owner, type OwnerOptions, startOwner } from '../../../lib/app/owner/owner.ts';
import type { OwnerPorts } from '../../../lib/app/owner/ports.ts';
import { CadenceError } from '../../../lib/core/error.ts';
import type { BusEvent } from '../../../lib/core/event.ts';
import type { HandlerContext } from '../../../lib/core/handler.ts';
import type { HttpAnswer } from '../../../lib/core/notice/http.ts';
import { createIds } from '../../../lib/platform/ids.ts';
import type { Clock, Ids, Ownership, SpawnSpec } from '../../../lib/ports.ts';
import { type Chance, createChance } from './chance.ts';
import { type Behaviour, type Children, createChildren, type SimChild } from './children.ts';
import { createDisk, type Disk } from './disk.ts';
import { createProcessFiles, type Doom, KILLED, type Trouble } from './process-files.ts';
import { createTurns, type Life, type Turns } from './turns.ts';

/** One life of the owner's process. */
export interface OwnerLife extends Life {
  owner: Owner | undefined;
  /** Why it ended, if it did so by itself. */
  end: string | undefined;
  /** An owner for one cadence, or for orders alone. */
  readonly isPartial: boolean;
  readonly bornMs: number;
}

/** How a notice was answered. */
export interface Posted {
  readonly key: string;
  readonly isTaken: boolean;
}

/** A machine that is not there: its disk, its time, its processes, its network, and the owner that runs on it. */
export interface Machine {
  readonly root: string;
  readonly disk: Disk;
  readonly turns: Turns;
  readonly children: Children;
  readonly trouble: Trouble;
  readonly doom: Doom;
  readonly ids: Ids;
  readonly events: BusEvent[];
  readonly posted: Posted[];
  /** Faults that are nobody's but the program's. */
  readonly faults: unknown[];
  sink: 'well' | 'ill' | 'busy' | 'silent';
  life: OwnerLife | undefined;
  deaths: number;
  cuts: number;
  /** How often something else came between a delivery and the line that says so. */
  excuses: number;
  nowMs(): number;
  /** Sets the clock on the wall. */
  jump(ms: number): void;
  start(options?: Pick<OwnerOptions, 'only' | 'ordersOnly'>): OwnerLife;
  /** The process is gone, or with it the machine. */
  die(isCut: boolean): void;
  /** Time of a machine that sleeps. */
  sleep(ms: number): void;
  /** Time passes until it is over. */
  pass(ms: number): Promise<void>;
  onDeath: () => void;
}

/** What a handler has of its run; `life`: the process that it dies with. */
export interface HandlerCall {
  readonly life: Life;
  readonly runId: string;
  readonly signal: AbortSignal;
  enqueue(cadence: string): Promise<unknown>;
}

export interface MachineOptions {
  readonly seed: string;
  readonly startMs: number;
  readonly behave: (spec: SpawnSpec, part: SimChild['part'], chance: Chance) => Behaviour;
  readonly onStart: (child: SimChild) => void;
  /** An inline run begins: what its handler answers, and when. */
  readonly handle: (cadence: string, call: HandlerCall) => unknown;
  /** A handler asks for a tick of another cadence. */
  readonly askFor: (cadence: string) => void;
}

const ROOT = '/sim';
const HTTP_TAKES_MS = 30;

const isPartial = ({ only, ordersOnly }: Pick<OwnerOptions, 'only' | 'ordersOnly'>): boolean => only !== undefined || ordersOnly === true;

export function createMachine({ seed, startMs, behave, onStart, handle, askFor }: MachineOptions): Machine {
  const chance = createChance(seed, 'machine');
  const turns = createTurns();
  const time = { asleepMs: 0, offsetMs: 0, bootMs: 0 };
  const passedMs = (): number => turns.awakeMs() + time.asleepMs;
  const nowMs = (): number => startMs + passedMs() + time.offsetMs;
  const disk = createDisk(nowMs);
  const trouble: Trouble = { kind: 'well', refuseAfter: undefined, errno: 'EIO', refusals: 0 };
  const watches = new Map<string, Set<{ readonly life: Life; readonly onChange: () => void; isTold: boolean }>>();
  let lives = 0;

  disk.onChange = (path) => {
    for (const watch of watches.get(path) ?? []) {
      if (watch.isTold) continue;
      watch.isTold = true;
      turns.soon(watch.life, () => {
        watch.isTold = false;
        if (watches.get(path)?.has(watch) === true) watch.onChange();
      });
    }
  };

  function watch(life: Life, path: string, onChange: () => void): { close(): void } {
    const all = watches.get(path) ?? new Set();
    watches.set(path, all);
    const one = { life, onChange, isTold: false };
    all.add(one);
    return { close: () => void all.delete(one) };
  }

  const children = createChildren({
    disk,
    turns,
    nowMs,
    isWritable: () => trouble.kind === 'well' || trouble.kind === 'low',
    onStart,
    behave: (spec, part) => behave(spec, part, createChance(seed, spec.env.CADENCE_RUN_ID ?? '', part, children.all.length)),
  });

  function clockOf(life: Life): Clock {
    return {
      nowMs,
      random: chance.next,
      after: (ms, wake) => turns.after(ms, life, wake),
      breathe: () => new Promise((resolve) => turns.soon(life, resolve)),
    };
  }

  function post(life: Life): NonNullable<OwnerPorts['http']> {
    return {
      post: ({ body }, signal) =>
        new Promise((resolve) => {
          const { key } = JSON.parse(body) as { key: string };
          const answer: HttpAnswer =
            machine.sink === 'well'
              ? { kind: 'answer', status: 204, retryAfterMs: undefined, text: '' }
              : machine.sink === 'ill'
                ? { kind: 'answer', status: 500, retryAfterMs: undefined, text: 'no' }
                : machine.sink === 'busy'
                  ? { kind: 'answer', status: 429, retryAfterMs: 20_000, text: 'later' }
                  : { kind: 'failed', because: 'no answer within 10 s' };
          const timer = turns.after(machine.sink === 'silent' ? 10_000 : HTTP_TAKES_MS, life, () => resolve(answer));
          // It was told when the request arrived, whether we live to hear the answer or not.
          machine.posted.push({ key, isTaken: machine.sink === 'well' });
          signal.addEventListener('abort', () => {
            timer.close();
            // It has arrived, and nobody heard the answer.
            machine.excuses += 1;
            resolve({ kind: 'failed', because: 'broken off' });
          });
        }),
    };
  }

  function ownershipOf(life: OwnerLife): Ownership {
    return {
      // A process that is dead hears nothing any more, also where its last steps are still to be taken here.
      isHeld: () => life.isDead || holder === life,
      serve: () => undefined,
      close: () => {
        if (holder === life && !life.isDead) holder = undefined;
      },
    };
  }

  let holder: OwnerLife | undefined;

  function portsOf(life: OwnerLife): OwnerPorts {
    const files = createProcessFiles({ disk, turns, life, trouble, doom: machine.doom, luck: chance.next, watch });
    const said = { code: null, stdout: '', stderr: '', because: 'nobody is there to ask' };
    return {
      files,
      clock: clockOf(life),
      ids: machine.ids,
      processes: children.of(life, files),
      programs: {
        askProgram: async () => ({ kind: 'failed', because: said.because }),
        hearProgram: async () => said,
        newSessionId: () => `00000000-0000-4000-8000-${machine.ids.fresh()}`,
        enqueue: async (cadence) => askFor(cadence),
        cutLog: () => 0,
        // What a dead process would have done next, it does not do. Loading a real module takes real time, of which nobody here knows.
        load: async () => ({
          default: (tick: { cadence: string }, context: HandlerContext) =>
            life.isDead
              ? 'dead'
              : handle(tick.cadence, {
                  life,
                  runId: context.runId,
                  get signal() {
                    return context.signal;
                  },
                  enqueue: (cadence) => context.enqueue(cadence),
                }),
        }),
      },
      http: post(life),
      uptime: { sinceBootMs: () => passedMs() - time.bootMs, awakeMs: turns.awakeMs, timezone: () => 'UTC' },
      machine: { pid: 100 + lives, host: 'sim', node: process.version, home: '/home/sim', zone: 'UTC', env: { PATH: `${ROOT}/bin`, HOME: '/home/sim' } },
      identityOf: (pid) => `life ${pid}`,
      async acquire({ root, info }) {
        if (holder !== undefined && !holder.isDead)
          return { kind: 'taken', state: { kind: holder.isFrozen ? 'silent' : 'answers', info: undefined, tookMs: 1 } as never };
        holder = life;
        files.write(`${root}/state/cadence-bus/owner.json`, `${JSON.stringify(info, null, 2)}\n`);
        return { kind: 'owned', ownership: ownershipOf(life) };
      },
      takeOver: () => Promise.reject(new Error('nobody takes over here')),
      watchCadences(dir, onChange) {
        // Between the first look and the watch something may have changed.
        turns.soon(life, () => onChange());
        return watch(life, dir, () => onChange());
      },
      openLog: () => ({ write: () => undefined, close: () => undefined }),
    };
  }

  const machine: Machine = {
    root: ROOT,
    disk,
    turns,
    children,
    trouble,
    doom: { diesAfter: undefined, onDeath: () => machine.onDeath() },
    ids: { ...createIds(), fresh: () => Array.from({ length: 12 }, () => 'abcdefghijklmnopqrstuvwxyz0123456789'[chance.int(0, 35)]).join('') },
    events: [],
    posted: [],
    faults: [],
    sink: 'well',
    life: undefined,
    deaths: 0,
    cuts: 0,
    excuses: 0,
    onDeath: () => machine.die(false),
    nowMs,
    jump(ms) {
      time.offsetMs += ms;
    },
    start(options = {}) {
      lives += 1;
      const life: OwnerLife = {
        name: `life-${lives}`,
        isDead: false,
        isFrozen: false,
        owner: undefined,
        end: undefined,
        isPartial: isPartial(options),
        bornMs: passedMs(),
      };
      if (machine.life === undefined) machine.life = life;
      const gone = (because: string): void => {
        life.end ??= because;
        life.isDead = true;
        if (holder === life) holder = undefined;
        if (machine.life === life) machine.life = undefined;
      };
      const failed = (error: unknown): void => {
        if (life.isDead) return;
        if (!(error instanceof CadenceError) || error.message === KILLED || error.code === 'bug') machine.faults.push(error);
        gone(error instanceof CadenceError ? `${error.code}: ${error.message}` : String(error));
      };
      startOwner({ ...options, root: ROOT, ports: portsOf(life), onEvent: (event) => machine.events.push(event) }).then((owner) => {
        life.owner = owner;
        owner.ended.then(gone, (error) => {
          if (!life.isDead) machine.faults.push(error);
          failed(error);
        });
      }, failed);
      return life;
    },
    die(isCut) {
      if (machine.life !== undefined) {
        machine.life.isDead = true;
        machine.life.end = 'killed';
      }
      machine.deaths += 1;
      machine.life = undefined;
      holder = undefined;
      if (!isCut) return;
      machine.cuts += 1;
      children.powerCut();
      disk.powerCut(chance);
      time.bootMs = passedMs();
    },
    sleep(ms) {
      time.asleepMs += ms;
    },
    async pass(ms) {
      const untilMs = turns.awakeMs() + ms;
      for (;;) {
        await turns.settle();
        if (turns.step(untilMs - turns.awakeMs()) === undefined) break;
      }
      turns.skip(Math.max(0, untilMs - turns.awakeMs()));
      await turns.settle();
    },
  };
  disk.makeDir(ROOT);
  return machine;
}
