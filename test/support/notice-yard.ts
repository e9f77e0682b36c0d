import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createReading } from '../../lib/app/reading.ts';
import type { BusEvent } from '../../lib/core/event.ts';
import type { Outcome } from '../../lib/core/outcome.ts';
import { formatTickName } from '../../lib/core/tick.ts';
import { createFiles } from '../../lib/platform/files.ts';
import { createHttp } from '../../lib/platform/http.ts';
import type { Files, Http, Job, Runner } from '../../lib/ports.ts';
import { type TestClock, testClock } from './bus.ts';
import { storyOwner } from './story.ts';
import { tempRoot } from './temp-root.ts';

/** An owner whose runs end as the test says, at a time of the test's own, and whose notices go over a real network. */
export interface NoticeYard {
  readonly root: string;
  readonly clock: TestClock;
  readonly events: BusEvent[];
  owner: ReturnType<typeof storyOwner>;
  /** Ticks of these cadences, run to their ends. */
  run(...cadences: readonly string[]): Promise<void>;
  /** Until nothing is left to do now. */
  rest(): Promise<void>;
  pass(ms: number): Promise<void>;
  /** The next owner, with what the last one left. */
  restart(files?: Files): Promise<void>;
  read(path: string): string;
  ls(folder: string): readonly string[];
}

export interface NoticeYardOptions {
  readonly bus: string;
  readonly cadences: Readonly<Record<string, string>>;
  readonly outcome: (job: Job) => Outcome;
  readonly http?: Http;
  readonly startMs?: number;
  /** Where hooks make one for each test, this stands for a folder that lives longer. */
  readonly root?: string;
}

let counter = 0;

export async function noticeYard({ bus, cadences, outcome, http = createHttp(), startMs, root = tempRoot() }: NoticeYardOptions): Promise<NoticeYard> {
  const clock = testClock(startMs);
  mkdirSync(`${root}/cadences`, { recursive: true });
  mkdirSync(`${root}/state/cadence-bus/inbox`, { recursive: true });
  writeFileSync(`${root}/cadences/bus.yaml`, bus);
  for (const [name, text] of Object.entries(cadences)) writeFileSync(`${root}/cadences/${name}.yaml`, text);
  const run: Runner['run'] = async (job) => ({ outcome: outcome(job), ending: undefined, stdoutPath: null, stderrPath: null });
  const events: BusEvent[] = [];
  const begin = (files: Files): NoticeYard['owner'] => {
    const owner = storyOwner(root, files, clock, { run, adopt: run }, http);
    owner.parts.journal.onEvent((event) => events.push(event));
    return owner;
  };
  const yard: NoticeYard = {
    root,
    clock,
    events,
    owner: begin(createFiles()),
    async run(...names) {
      for (const cadence of names) {
        const id = `tick${String(++counter).padStart(8, '0')}`;
        const dueMs = clock.nowMs() - 1;
        const tick = { cadence, source: 'test', enqueued_at: new Date(dueMs).toISOString() };
        writeFileSync(`${root}/state/cadence-bus/inbox/${formatTickName({ dueMs, cadence, id, attempts: 0 })}`, `${JSON.stringify(tick)}\n`);
      }
      yard.owner.parts.queue.expect();
      await yard.rest();
    },
    async rest() {
      const { parts, takeWoken, fault } = yard.owner;
      const broken = fault.then((error) => Promise.reject(error));
      const work = async (): Promise<void> => {
        for (;;) {
          takeWoken();
          parts.announcing.poll();
          await parts.consumer.poll();
          await parts.conclusion.idle();
          await clock.breathe();
          await parts.jobs.ended(['inline', 'command']);
          if (!takeWoken() && parts.jobs.running().length === 0 && parts.conclusion.backlog() === 0) return;
        }
      };
      await Promise.race([work(), broken]);
    },
    async pass(ms) {
      clock.advance(ms);
      await yard.rest();
    },
    async restart(files = createFiles()) {
      yard.owner = begin(files);
      await yard.owner.parts.recover();
      await yard.rest();
    },
    read: (path) => (existsSync(`${root}/${path}`) ? readFileSync(`${root}/${path}`, 'utf8') : ''),
    ls: (folder) => (existsSync(`${root}/state/cadence-bus/${folder}`) ? readdirSync(`${root}/state/cadence-bus/${folder}`).sort() : []),
  };
  await yard.owner.parts.recover();
  return yard;
}

export function incidentsOf(root: string): readonly Readonly<Record<string, unknown>>[] {
  const { paths } = createReading(root);
  return readdirSync(paths.incidents)
    .filter((name) => /^\d{4}-/.test(name))
    .sort()
    .map((name) => JSON.parse(readFileSync(`${paths.incidents}/${name}/incident.json`, 'utf8')));
}
