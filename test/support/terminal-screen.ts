import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { shellWord } from '../../lib/core/text/shell-word.ts';
import { CLI } from './owner-cli.ts';

/** The command line in a terminal of its own: `script` of util-linux makes it, other systems have another one of that name. */
export const NO_TERMINAL = process.platform === 'linux' && existsSync('/usr/bin/script') ? false : 'there is no script of util-linux here';

export interface InTerminal {
  /** What stands on the screen now, as far as it was drawn line by line. */
  screen(): string;
  /** Every byte that the terminal was sent. */
  sent(): string;
  type(keys: string): void;
  /** Of the command itself; undefined: it has not begun. */
  pid(): number | undefined;
  /** The end of all: the exit code of the command, and whether the terminal takes keys as it did before. */
  readonly ended: Promise<{ readonly code: number | undefined; readonly isRestored: boolean }>;
  /** The window is closed. */
  close(): void;
}

const WITNESS = `
import { writeFileSync } from 'node:fs';
if (process.argv.includes('top')) {
  process.once('SIGUSR2', () => { throw new Error('a crash, on purpose'); });
  writeFileSync(process.env.PID_FILE, String(process.pid));
}
`;

/** `folder`: for what it needs itself; outside of the root that is looked at. */
export function inTerminal(folder: string, words: readonly string[], { columns, rows }: { readonly columns: number; readonly rows: number }): InTerminal {
  const at = (name: string): string => join(folder, name);
  const read = (name: string): string => (existsSync(at(name)) ? readFileSync(at(name), 'utf8') : '');
  writeFileSync(at('witness.mjs'), WITNESS);
  const command = [...CLI.slice(0, 1), '--import', at('witness.mjs'), ...CLI.slice(1), ...words].map(shellWord).join(' ');
  writeFileSync(
    at('session.sh'),
    `stty rows ${rows} cols ${columns}\nstty -g > ${at('before')}\n${command}\necho $? > ${at('code')}\nstty -g > ${at('after')}\n`,
  );
  const env = { PATH: process.env.PATH ?? '/usr/bin:/bin', HOME: folder, TERM: 'xterm', TMPDIR: process.env.TMPDIR ?? '/tmp', PID_FILE: at('pid') };
  const child: ChildProcess = spawn('/usr/bin/script', ['-q', '-c', `sh ${at('session.sh')}`, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'], env });
  let sent = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    sent += text;
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    sent: () => sent,
    screen: () => screenOf(sent),
    type: (keys) => void child.stdin?.write(keys),
    pid: () => (read('pid') === '' ? undefined : Number(read('pid'))),
    ended: ended.then(() => ({
      code: read('code') === '' ? undefined : Number(read('code')),
      isRestored: read('before') !== '' && read('before') === read('after'),
    })),
    close: () => void child.kill('SIGKILL'),
  };
}

/** Of a program that draws each line anew: from its first column to its end. */
function screenOf(sent: string): string {
  const lines: string[] = [];
  const shown = sent.slice(sent.lastIndexOf('\u001b[2J') + 1);
  for (const [, row = '', text = ''] of shown.matchAll(/\u001b\[(\d+);1H\u001b\[K((?:(?!\u001b\[(?:\d+;1H|\?)).)*)/gsu))
    lines[Number(row) - 1] = text.replaceAll(/\u001b\[\d+m/g, '');
  return Array.from(lines, (line) => line ?? '').join('\n');
}
