import { join } from 'node:path';
import { noticeRun } from '../../core/notice/hook-run.ts';
import type { Notice } from '../../core/notice/notice.ts';
import { commandOf } from '../../core/notice/policy.ts';
import type { Sink } from '../../core/notice/sink.ts';
import { createDeliverer, type Deliverer } from '../../notify/delivery.ts';
import type { Verdict } from '../../notify/message.ts';
import type { Programs } from '../../notify/program.ts';
import { leaveProgram, ownCall } from '../../platform/bystander.ts';
import { createHttp } from '../../platform/http.ts';
import { hearProgram } from '../../platform/program-answer.ts';
import type { Files, Http, Job, Outbox, RunEnd, Runner, StopSignal } from '../../ports.ts';
import { unlessRefused } from '../../runners/capture.ts';
import { childEnvironment } from '../../runners/environment.ts';
import type { Chat } from '../../services/chat.ts';
import type { Storage } from '../storage.ts';

type Redact = (text: string, names: readonly string[]) => string;

/** What brings notices to their sinks, for one owner. */
export function composeDelivery(
  storage: Storage,
  parts: { readonly outbox: Outbox; readonly http: Http | undefined; readonly redact: Redact; readonly chat: Chat },
): Deliverer {
  const { clock, files, ids, journal, machine, paths } = storage;
  const { outbox, http = createHttp(), redact, chat } = parts;
  const programs = createPrograms(files, machine.env);
  const caller = { cli: ownCall(), root: paths.root };
  const idOf = (key: string): string => ids.keyed('notice', key);
  return createDeliverer({
    clock,
    outbox,
    http,
    journal,
    env: machine.env,
    redact,
    programs,
    caller,
    host: machine.host,
    idOf,
    threadOf: chat.threadOf,
    onPlaced: chat.arrived,
  });
}

/** What passes notices on, as it is found here. */
export function createPrograms(files: Files, owner: Readonly<Record<string, string | undefined>>): Programs {
  const environment = childEnvironment(owner, { names: [], values: {} }, {});
  const env = environment.kind === 'ready' ? environment.env : {};
  return {
    find(name, folders = []) {
      const all = [...(owner.PATH ?? '').split(':'), ...folders].filter((folder) => folder.startsWith('/'));
      return all.map((folder) => join(folder, name)).find((path) => isProgram(files, path));
    },
    hear: ({ argv, stdin, withinMs }) => hearProgram({ argv, env, withinMs, ...(stdin === undefined ? {} : { stdin }) }),
    leave: ({ argv }) => leaveProgram({ argv, env }),
  };
}

function isProgram(files: Files, path: string): boolean {
  return unlessRefused(false, () => {
    const info = files.info(path);
    const real = info?.kind === 'symlink' ? files.info(files.realPath(path)) : info;
    return real?.kind === 'file' && (real.mode & 0o111) !== 0;
  });
}

interface NoticeParts {
  readonly deliverer: Deliverer;
  readonly outbox: Outbox;
  readonly command: Runner;
}

/** In this process; a stop breaks off what is on its way, and the notice stays. A command is a child like every other, and is gone on with. */
export function createNotifyRunner(storage: Storage, { deliverer, outbox, command }: NoticeParts, cadence: string): Runner {
  const start =
    (how: 'run' | 'adopt') =>
    async (job: Job, stop: StopSignal): Promise<RunEnd> => {
      const leave = new AbortController();
      stop.onStop(() => leave.abort());
      const shell = createShell(storage, { outbox, command }, { job, stop, how });
      const outcome = await deliverer.drain(cadence, leave.signal, shell.tell);
      // A folder of a run says that a child is at work; by now its notice has ended, or is tried again.
      if (shell.hasWorked() || how === 'adopt') storage.files.removeTree(`${storage.paths.running}/${job.runId}`);
      return { outcome, ending: undefined, ...shell.output() };
    };
  return { run: start('run'), adopt: start('adopt') };
}

const COMMAND_TIMEOUT_MS = 60_000;

function createShell(
  { definitions }: Storage,
  { outbox, command }: Pick<NoticeParts, 'outbox' | 'command'>,
  { job, stop, how }: { readonly job: Job; readonly stop: StopSignal; readonly how: 'run' | 'adopt' },
) {
  let output: Pick<RunEnd, 'stdoutPath' | 'stderrPath'> = { stdoutPath: null, stderrPath: null };
  let hasWorked = false;

  async function tell(notice: Notice): Promise<Verdict> {
    const own = definitions.get(notice.cadence)?.cadence?.followUps?.notify;
    const run = commandOf(notice.sink as Extract<Sink, { kind: 'shell' }>, definitions.settings().notify, own);
    if (run === undefined) return { kind: 'dead', because: 'no definition has this command any more' };
    hasWorked = true;
    const isUnderWay = how === 'adopt' && notice.sending === job.runId;
    if (!isUnderWay) outbox.keep({ ...notice, sending: job.runId });
    const tick = { ...job.tick, payload: notice };
    const work = { ...job, tick, cadence: { ...job.cadence, run: noticeRun(run, notice), timeoutMs: COMMAND_TIMEOUT_MS } };
    const end = await command[isUnderWay ? 'adopt' : 'run'](work, stop);
    output = { stdoutPath: end.stdoutPath, stderrPath: end.stderrPath };
    return verdictOf(end);
  }

  return { tell, output: () => output, hasWorked: () => hasWorked };
}

function verdictOf({ outcome }: RunEnd): Verdict {
  switch (outcome.kind) {
    case 'ok':
    case 'unverified':
    case 'skip':
      return { kind: 'delivered' };
    case 'defer':
      return { kind: 'later', delayMs: outcome.delayMs ?? 30_000, because: outcome.reason };
    case 'give_up':
      return { kind: 'dead', because: outcome.reason };
    case 'fail':
    case 'cancelled':
    case 'interrupted':
      return { kind: 'failed', because: outcome.reason };
  }
}
