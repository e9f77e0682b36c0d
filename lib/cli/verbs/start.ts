import { startOwner } from '../../app/owner/owner.ts';
import { keepHeapLeanSoon, takeHeap } from '../../app/owner/owning.ts';
import { isBuiltin } from '../../core/builtin.ts';
import { CadenceError, type ErrorCode, EXIT_CODES } from '../../core/error.ts';
import { type CommandContext, DRY_RUN, type Flags, type Output } from '../command.ts';
import { createCommentary } from '../commentary.ts';
import { type Signal, signalCode } from '../leaving.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Why an owner ends that had nothing left to run. */
const DRAINED = 'drained';

export async function run(context: CommandContext): Promise<number> {
  try {
    return await own(context);
  } catch (error) {
    if (!(error instanceof CadenceError) || !isOfLaunchd(context) || !HOPELESS.includes(error.code)) throw error;
    const { code, message, hint } = error;
    context.out.line({ ok: false, error: { code, message, hint } }, message);
    return 0;
  }
}

/** What trying again in ten seconds does not mend. launchd, which knows no such word, would try for ever: to it this is a good end, and the watchman tells. */
const HOPELESS: readonly ErrorCode[] = ['usage', 'not_found', 'permission', 'config'];

function isOfLaunchd({ env }: CommandContext): boolean {
  return env.XPC_SERVICE_NAME?.startsWith('cadence-bus.') === true;
}

async function rehearse(root: string, flags: Flags, out: Output): Promise<number> {
  const { wouldOwn } = await import('../../app/owner/would-own.ts');
  const would = await wouldOwn(root, flags.has('takeover'));
  const { counts, ends_pid } = would;
  const first = ends_pid === null ? '' : ` after the end of process ${ends_pid}`;
  const verb = flags.has('drain') ? 'run what may run now in' : 'own';
  out.result(
    { ok: true, dry_run: true, would: 'start', root, drain: flags.has('drain'), ...would },
    () => `Would ${verb} ${root}${first}: ${counts.inbox} in the inbox, ${counts.waiting} waiting, ${counts.claimed} left by an earlier owner`,
  );
  return DRY_RUN;
}

async function own({ flags, out, root }: CommandContext): Promise<number> {
  const at = await root();
  if (flags.has('dry-run')) return rehearse(at, flags, out);
  const commentary = createCommentary(out, at);
  takeHeap();
  const owner = await startOwner({ root: at, takeOver: flags.has('takeover'), onEvent: commentary.see });
  keepHeapLeanSoon();
  const isDrain = flags.has('drain');
  let heard: Signal | undefined;
  listenToSignals((signal) => {
    heard = signal;
    return owner.stop(signal === 'SIGINT' ? 'interrupted from the keyboard' : `ended by ${signal}`);
  });
  commentary.begin(owner.info, isDrain);
  if (flags.has('tour')) {
    const { beginTour } = await import('../tour.ts');
    await beginTour(at, out).catch(async (error: unknown) => {
      await owner.stop('the tour could not begin');
      throw error;
    });
  }
  if (isDrain) {
    await Promise.race([owner.drained(), owner.ended]);
    await owner.stop(DRAINED);
  }
  const because = await owner.ended;
  commentary.end(because);
  if (!isDrain) return 0;
  const drained = because === DRAINED;
  const waiting = await stillWaiting(at);
  const answer = { ok: drained, drained, ...(drained ? {} : { because }), ...commentary.totals(), waiting };
  out.result(answer, () => commentary.summary(drained, waiting));
  return drained ? 0 : heard === undefined ? EXIT_CODES.held : signalCode(heard);
}

/** Of the work that somebody asked for, what is held, or not due yet: whoever goes on after a drain must not take it for done. */
async function stillWaiting(root: string): Promise<number> {
  const { createReading } = await import('../../app/reading.ts');
  const reading = createReading(root);
  const ticks = [...reading.names('inbox'), ...reading.names('waiting')].filter(({ cadence }) => !isBuiltin(cadence));
  return ticks.length + reading.foreign().length;
}

/** The first signal asks, the second one insists. A lost terminal (SIGHUP) never ends an owner. */
function listenToSignals(stop: (signal: Signal) => Promise<void>): void {
  let isStopping = false;
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (isStopping) process.exit(signalCode(signal));
      isStopping = true;
      void stop(signal);
    });
  }
  process.on('SIGHUP', () => undefined);
}
