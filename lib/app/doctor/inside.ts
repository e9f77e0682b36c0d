import { CadenceError } from '../../core/error.ts';
import { pathsOf } from '../../core/paths.ts';
import type { Ms } from '../../core/time/instant.ts';
import { type Difference, differencesOf, judgedOtherwise, type World } from '../../core/world.ts';
import { createClock } from '../../platform/clock.ts';
import { createFiles } from '../../platform/files.ts';
import { createIds } from '../../platform/ids.ts';
import { readMachine } from '../../platform/machine.ts';
import { readWorld } from '../../platform/world.ts';
import type { Job } from '../../schedules/job.ts';
import type { Keeper } from '../../schedules/keeper.ts';
import { labelOf } from '../../schedules/label.ts';
import { carryOutChanges } from '../definitions/file.ts';
import { findPrograms, servicePath } from '../install/place.ts';
import { chooseScheduler } from '../install/plan.ts';
import { readInstalled, rootStem } from '../install/record.ts';
import { removals, writes } from '../install/service-files.ts';
import { createKeeper } from '../install/timers.ts';
import { makeFolders } from '../storage.ts';
import { readSurroundings } from '../surroundings.ts';
import { type Checkup, examine } from './doctor.ts';

/** What the checks say in the world of a service, and how that world differs from this shell's. */
export interface InsideView {
  readonly ok: boolean;
  readonly scheduler: 'launchd' | 'systemd';
  readonly differences: readonly Difference[];
  readonly world: World;
  readonly here: World;
  readonly checks: Checkup['checks'];
}

const ANSWER_WITHIN_MS: Ms = 120_000;
const LOOK_AGAIN_MS: Ms = 100;

function worldHere(): World {
  return { ...readWorld(), claude: readSurroundings(createFiles(), readMachine()).claude };
}

/** For the one who is started inside: the answer goes to a file, for nobody hears what a service says. */
export function tellWorld(path: string, checkup: Checkup): void {
  createFiles().write(path, `${JSON.stringify({ world: worldHere(), checkup })}\n`, 0o600);
}

/**
 * The checks as a one-shot job of launchd or systemd, and the same here. Throws `no_owner` where neither can be used, `io`
 * where the job did not answer.
 */
export async function examineInside(root: string): Promise<InsideView> {
  const files = createFiles();
  const paths = pathsOf(root);
  const installed = readInstalled(files, paths);
  const scheduler = installed?.scheduler ?? (await chooseScheduler(root, undefined));
  if (scheduler === 'builtin') throw new CadenceError('no_owner', 'the owner is started by you, in the world of your shell', 'See cadence-bus doctor.');
  const keeper = createKeeper(scheduler);
  const absence = await keeper.absence();
  if (absence !== undefined) throw new CadenceError('no_owner', absence.because, absence.hint);
  makeFolders(files, paths);
  const answer = `${paths.tmp}/inside-${createIds().fresh()}.json`;
  const told = await startInside(keeper, jobOf(root, answer), answer);
  const here = await examine(root, false);
  const world = worldHere();
  const differences = [...differencesOf(told.world, world), ...judgedOtherwise(told.checkup.checks, here.checks)];
  return { ok: told.checkup.ok, scheduler, differences, world: told.world, here: world, checks: told.checkup.checks };
}

/** With the PATH that the owner has, or would have. */
function jobOf(root: string, answer: string): Job {
  const files = createFiles();
  const paths = pathsOf(root);
  const { env, home } = readMachine();
  const installed = readInstalled(files, paths);
  const { node, program } = installed ?? findPrograms(files, import.meta.dirname, process.execPath, home);
  return {
    name: 'inside',
    role: 'inside',
    label: labelOf(installed?.stem ?? rootStem(root), 'inside'),
    description: `cadence-bus: the doctor of ${root}`,
    argv: [node, program, 'doctor', '--tell', answer, '--json', '--root', root],
    when: { kind: 'asked' },
    searchPath: installed?.path ?? servicePath(node, env.PATH ?? '', env.TMPDIR ?? '/tmp'),
    logStem: `${paths.logs}/doctor-inside`,
  };
}

interface Told {
  readonly world: World;
  readonly checkup: Checkup;
}

async function startInside(keeper: Keeper, job: Job, answer: string): Promise<Told> {
  const root = job.argv.at(-1) ?? '/';
  const files = createFiles();
  const clock = createClock();
  const untilMs = clock.nowMs() + ANSWER_WITHIN_MS;
  try {
    carryOutChanges(root, writes(files, keeper, [job]));
    await keeper.reread();
    await keeper.load(job);
    await keeper.start(job);
    for (;;) {
      const found = files.read(answer);
      if (found?.kind === 'text') return JSON.parse(found.text) as Told;
      const [seen] = await keeper.look([job]);
      const isOver = seen?.state === 'failed' || seen?.state === 'disabled' || clock.nowMs() > untilMs;
      if (isOver) throw noAnswer(keeper.kind, seen?.because ?? '', job);
      await new Promise<void>((resolve) => void clock.after(LOOK_AGAIN_MS, resolve));
    }
  } finally {
    try {
      await keeper.unload(job);
    } finally {
      for (const path of [answer, `${job.logStem}.log`, `${job.logStem}.err`]) files.remove(path);
      carryOutChanges(root, removals(files, keeper, [job]));
      await keeper.reread();
    }
  }
}

/** Its last words, where it could write them: to have been kept out of the folder is one of the answers. */
function noAnswer(kind: string, because: string, { logStem, label }: Job): CadenceError {
  const files = createFiles();
  const words = ['.err', '.log'].flatMap((suffix) => {
    const found = files.read(`${logStem}${suffix}`);
    return found?.kind === 'text' && found.text.trim() !== '' ? [found.text.trim().slice(-600)] : [];
  });
  const look = kind === 'systemd' ? `journalctl --user -u ${label}` : `launchctl print gui/$(id -u)/${label}`;
  return new CadenceError(
    'io',
    `the checks could not be run as a job of ${kind}${[because, ...words].map((word) => (word === '' ? '' : `: ${word}`)).join('')}`,
    `Look with: ${look}`,
  );
}
