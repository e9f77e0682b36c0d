import { CadenceError } from '../core/error.ts';
import type { Leaving, Said, Signals } from './command.ts';

const SIGNALS = { SIGINT: 2, SIGTERM: 15 } as const;
export type Signal = keyof typeof SIGNALS;

/** How a command ends that a signal has ended. */
export const signalCode = (signal: Signal): number => 128 + SIGNALS[signal];

export function listenForLeave(signals: Signals | undefined, said: Said): Leaving {
  const controller = new AbortController();
  let code: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    // It stays: a library of ours that tidies up at signals ends the process where it is the only one that listens.
    if (code !== undefined) process.exit(code);
    code = signalCode(signal as Signal);
    controller.abort();
  };
  const close = (): void => {
    for (const signal of Object.keys(SIGNALS)) signals?.off(signal, onSignal);
  };
  for (const signal of Object.keys(SIGNALS)) signals?.on(signal, onSignal);
  return {
    leave: controller.signal,
    close,
    orLeft: (work, left) =>
      new Promise((resolve, reject) => {
        // Said in a turn of its own: what the look at the files throws is the answer then, and ends no process.
        const leave = (): void => void Promise.resolve().then(left).then(reject, reject);
        if (controller.signal.aborted) leave();
        controller.signal.addEventListener('abort', leave);
        work.then(resolve, reject).finally(() => controller.signal.removeEventListener('abort', leave));
      }),
    exitCodeOf(error, out) {
      if (code === undefined || !(error instanceof CadenceError)) throw error;
      const { message, hint } = error;
      out.note(`${out.paint.yellow('left:')} ${message}\n      ${hint}`);
      if (out.isJson && said === 'answer') out.result({ ok: false, error: { code: error.code, message, hint } }, () => '');
      return code;
    },
  };
}
