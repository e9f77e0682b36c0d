import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createClock } from '../../lib/platform/clock.ts';
import { createFiles } from '../../lib/platform/files.ts';
import { createProcessTable, type ProcessTable } from '../../lib/platform/process-table.ts';
import { createProcesses, type SupervisedProcesses } from '../../lib/platform/processes.ts';
import type { SpawnSpec } from '../../lib/ports.ts';
import { eventually } from '../support/eventually.ts';
import { tempRoot } from '../support/temp-root.ts';

export const FIXTURES = fileURLToPath(new URL('../fixtures/children/', import.meta.url));

/** The argv of a fixture. */
export function program(file: string, ...args: readonly string[]): readonly string[] {
  return [file.endsWith('.sh') ? '/bin/sh' : process.execPath, join(FIXTURES, file), ...args];
}

export interface Yard {
  readonly root: string;
  readonly processes: SupervisedProcesses;
  readonly table: ProcessTable;
  /** What starting this program needs, each time under a run id of its own. */
  spec(argv: readonly string[], more?: Partial<SpawnSpec>): SpawnSpec;
  /** What the child has said so far. */
  said(spec: SpawnSpec): string;
  /** Waits until the child has said this, and answers what it said. */
  hear(spec: SpawnSpec, words: RegExp): Promise<string>;
  /** Pids that carry the tag of the run and live. */
  people(spec: SpawnSpec): Promise<readonly number[]>;
}

let runs = 0;

/** Real children in a folder of their own; whoever is left after the tests is killed. */
export function childYard(source?: 'proc' | 'ps'): Yard {
  const root = tempRoot();
  const files = createFiles();
  const table = createProcessTable(source);
  const specs: SpawnSpec[] = [];
  // After each test, for a child that lives on would keep this process from ever ending.
  afterEach(async () => {
    for (const spec of specs.splice(0)) for (const pid of await yard.people(spec)) endNow(pid);
  });
  const yard: Yard = {
    root,
    table,
    processes: createProcesses({ clock: createClock(), files, table }),
    spec(argv, more = {}) {
      runs += 1;
      const runId = `yard${String(process.pid).padStart(8, '0')}-${runs}`;
      const at = join(root, runId);
      return {
        runId,
        argv,
        cwd: root,
        env: { PATH: process.env.PATH ?? '' },
        stdinPath: undefined,
        stdoutPath: `${at}.out`,
        stderrPath: `${at}.err`,
        runDir: at,
        ...more,
      };
    },
    said: (spec) => (files.info(spec.stdoutPath) === undefined ? '' : readFileSync(spec.stdoutPath, 'utf8')),
    hear: (spec, words) =>
      eventually(`the child says ${words}`, () => {
        const text = yard.said(spec);
        return words.test(text) ? text : undefined;
      }),
    async people(spec) {
      const tagged = await createProcessTable().tagged(spec.runId);
      return (await createProcessTable().among(tagged)).filter(({ state }) => state !== 'zombie').map(({ pid }) => pid);
    },
  };
  return yard;
}

/** Ends what a test left alive on purpose. */
export function endAfterwards(pid: number): number {
  after(() => endNow(pid));
  return pid;
}

function endNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
