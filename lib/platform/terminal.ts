import { isatty } from 'node:tty';
import type { Closeable } from '../ports.ts';

/** The whole of a terminal, for as long as it is open. */
export interface Terminal extends Closeable {
  size(): { readonly columns: number; readonly rows: number };
  /** Line by line from the top; what was there already is not written again. No line may be wider than the terminal. */
  draw(lines: readonly string[]): void;
}

export interface TerminalHearers {
  /** What was typed, as the terminal sends it. */
  readonly onKeys: (text: string) => void;
  /** It is another size now, or was somebody else's for a while. */
  readonly onChange: () => void;
  /** Nobody is there any more. */
  readonly onGone: () => void;
}

/** The alternate screen, without cursor; a line that is too long after all does not push the others around. */
const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[H\u001b[2J';
const LEAVE = '\u001b[0m\u001b[?7h\u001b[?25h\u001b[?1049l';
/** Of one that tells no size, such as a serial line. */
const USUAL = { columns: 80, rows: 24 };

/** Whoever takes every key takes these too, and hands them on. */
const SIGNAL_KEYS = [
  ['\u0003', 'SIGINT'],
  ['\u001c', 'SIGQUIT'],
  ['\u001a', 'SIGTSTP'],
] as const;

/** The terminal is as it was before, however this process ends, short of a signal that nobody can hear. */
export function openTerminal({ onKeys, onChange, onGone }: TerminalHearers): Terminal {
  const { stdin, stdout } = process;
  // Without a keyboard it can be looked at all the same.
  const hasKeys = isatty(0);
  let drawn: readonly string[] = [];
  let isOpen = false;

  function enter(): void {
    if (hasKeys) stdin.setRawMode(true);
    stdout.write(ENTER);
    [drawn, isOpen] = [[], true];
  }

  function leave(): void {
    if (!isOpen) return;
    isOpen = false;
    stdout.write(LEAVE);
    if (hasKeys) stdin.setRawMode(false);
  }

  function hear(bytes: Buffer): void {
    const text = bytes.toString('utf8');
    const signal = SIGNAL_KEYS.find(([key]) => text.includes(key))?.[1];
    if (signal === undefined) {
      onKeys(text);
      return;
    }
    if (signal !== 'SIGINT') leave();
    // To all who would have heard it of the terminal: a shell between us wants to stop, too. Where nobody could wake us it does nothing.
    process.kill(signal === 'SIGTSTP' ? 0 : process.pid, signal);
    if (signal === 'SIGTSTP') setImmediate(goOn);
  }

  /** Whoever had the terminal meanwhile has made it its own. */
  function goOn(): void {
    leave();
    enter();
    onChange();
  }

  const resize = (): void => {
    drawn = [];
    if (isOpen) stdout.write('\u001b[2J');
    onChange();
  };
  process.on('exit', leave);
  process.on('SIGCONT', goOn);
  stdout.on('resize', resize);
  if (hasKeys) stdin.on('data', hear).on('end', onGone).on('error', onGone);
  enter();

  return {
    size: () => ({ columns: stdout.columns || USUAL.columns, rows: stdout.rows || USUAL.rows }),
    draw(lines) {
      if (!isOpen) return;
      const count = Math.max(lines.length, drawn.length);
      const changed = Array.from({ length: count }, (_, row) => (lines[row] === drawn[row] ? '' : `\u001b[${row + 1};1H\u001b[K${lines[row] ?? ''}`));
      drawn = lines;
      const text = changed.join('');
      if (text !== '') stdout.write(text);
    },
    close() {
      leave();
      process.off('exit', leave);
      process.off('SIGCONT', goOn);
      stdout.off('resize', resize);
      if (hasKeys) stdin.off('data', hear).off('end', onGone).off('error', onGone).pause();
    },
  };
}
