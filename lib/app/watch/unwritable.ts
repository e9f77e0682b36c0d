import type { BusSettings } from '../../core/cadence.ts';
import { noticeRun } from '../../core/notice/hook-run.ts';
import type { Notice } from '../../core/notice/notice.ts';
import { commandOf } from '../../core/notice/policy.ts';
import { type Sink, sinkId } from '../../core/notice/sink.ts';
import { type Paths, pathsOf } from '../../core/paths.ts';
import type { Ms } from '../../core/time/instant.ts';
import type { Verdict } from '../../notify/message.ts';
import { judgeProgram } from '../../notify/program.ts';
import { send } from '../../notify/sending.ts';
import { ownCall } from '../../platform/bystander.ts';
import { createFiles } from '../../platform/files.ts';
import { createHttp } from '../../platform/http.ts';
import { createIds } from '../../platform/ids.ts';
import { readMachine } from '../../platform/machine.ts';
import { createPermissions } from '../../platform/permissions.ts';
import { hearProgram } from '../../platform/program-answer.ts';
import type { Files } from '../../ports.ts';
import { childEnvironment } from '../../runners/environment.ts';
import { isDiskFault } from '../../services/storage-health.ts';
import { createPrograms } from '../owner/notice-runner.ts';
import { createNamedRedaction, createRedacting } from '../redacting.ts';
import { makeFolders } from '../storage.ts';

/** A disk that is full, read-only or broken takes neither a lock, nor a notice, nor what was told: the watchman tells all the same. */

/** A full disk may still take a name, and the last bytes of a block. */
const A_BLOCK = ' '.repeat(4_096);

/** Why nothing can be written into this state; undefined: it can. Throws where it is not for us to write there. */
export function unwritableFor(files: Files, paths: Paths): string | undefined {
  try {
    makeFolders(files, paths);
    const draft = `${paths.tmp}/${createIds().fresh()}.${process.pid}`;
    files.write(draft, A_BLOCK);
    files.remove(draft);
    return undefined;
  } catch (error) {
    if (!isDiskFault(error)) throw error;
    if (error.code === 'permission' && !createPermissions().isReadOnly(paths.state)) throw error;
    return error.message;
  }
}

/** Nothing else of it can be kept. A disk that is read-only does not take even that; then nobody hears that it is well again. */
export function noteDiskTold(files: Files, { diskTold }: Paths): void {
  try {
    files.write(diskTold, '');
  } catch (error) {
    if (!isDiskFault(error)) throw error;
  }
}

const WITHIN_MS: Ms = 15_000;

/** From this very process to each sink, once. Answers with what went wrong. */
export async function tellWithoutDisk(root: string, settings: BusSettings, notices: readonly Notice[]): Promise<readonly string[]> {
  const verdicts = await Promise.all(notices.map(async (notice) => ({ notice, verdict: await tell(root, settings, notice) })));
  return verdicts.flatMap(({ notice, verdict }) => (verdict.kind === 'delivered' ? [] : [`${sinkId(notice.sink)} could not be told: ${verdict.because}`]));
}

async function tell(root: string, settings: BusSettings, notice: Notice): Promise<Verdict> {
  const { env, host } = readMachine();
  if (notice.sink.kind === 'log') return { kind: 'failed', because: `it lies in ${pathsOf(root).logs}` };
  const deps = {
    ...{ http: createHttp(), programs: createPrograms(createFiles(), env), caller: { cli: ownCall(), root }, host, env },
    // Only the log is told by events.
    journal: { emit: () => undefined },
    idOf: (key: string) => createIds().keyed('notice', key),
    threadOf: () => undefined,
    redact: createNamedRedaction(createRedacting(env), env),
  };
  return send(deps, notice, () => tellByCommand(root, settings, notice), AbortSignal.timeout(WITHIN_MS));
}

async function tellByCommand(root: string, settings: BusSettings, notice: Notice): Promise<Verdict> {
  const command = commandOf(notice.sink as Extract<Sink, { kind: 'shell' }>, settings.notify, undefined);
  if (command === undefined) return { kind: 'dead', because: 'no definition has this command any more' };
  const run = noticeRun(command, notice);
  const environment = childEnvironment(readMachine().env, run.env, { CADENCE_ROOT: root });
  if (environment.kind === 'unset') return { kind: 'failed', because: environment.reason };
  const { argv, cwd = root } = run;
  const [program = '', ...words] = argv;
  return judgeProgram(await hearProgram({ argv: [program, ...words], env: environment.env, cwd, stdin: `${JSON.stringify(notice)}\n`, withinMs: WITHIN_MS }));
}
