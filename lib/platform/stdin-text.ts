import type { Ms } from '../core/time/instant.ts';

const MOST_CHARS = 1024 * 1024;

/** What stands on stdin, if it ends soon: a person types nothing, and a pipe that nobody closes must not keep us. */
export function readStdinWithin(ms: Ms): Promise<string> {
  const { stdin } = process;
  if (stdin.isTTY === true) return Promise.resolve('');
  return new Promise((resolve) => {
    let text = '';
    const hear = (piece: string): void => {
      text = (text + piece).slice(0, MOST_CHARS);
    };
    const end = (): void => {
      clearTimeout(timer);
      stdin.off('data', hear).off('end', end).off('error', end);
      stdin.pause();
      // A pipe that is open still would keep the process alive.
      if ('unref' in stdin && typeof stdin.unref === 'function') stdin.unref();
      resolve(text);
    };
    const timer = setTimeout(end, ms);
    stdin.setEncoding('utf8').on('data', hear).on('end', end).on('error', end);
  });
}
