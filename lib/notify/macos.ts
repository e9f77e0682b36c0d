import type { Notice } from '../core/notice/notice.ts';
import { toVisible, truncate } from '../core/text/excerpt.ts';
import type { Verdict } from './message.ts';
import { titleOf } from './ntfy.ts';
import { judgeProgram, type ProgramCall, type Programs } from './program.ts';

/** What this program is called with, so that a button can call it. */
export interface Caller {
  readonly cli: readonly string[];
  readonly root: string;
}

const WITHIN_MS = 10_000;
const MAX_CHARACTERS = 400;
const WAITS_SECONDS = 900;
const FOLDERS = ['/opt/homebrew/bin', '/usr/local/bin'];

/**
 * A notification on this Mac. `alerter`, and terminal-notifier before 2.0, have buttons and wait for them; terminal-notifier
 * opens the log at a click; osascript is everywhere and only shows. A `group` has a repetition take the place of the first
 * one; osascript knows none.
 */
export async function tellMac(programs: Programs, caller: Caller, buttons: boolean, notice: Notice, id: string): Promise<Verdict> {
  const shown = { title: words(titleOf(notice), 80), text: words(notice.text, MAX_CHARACTERS), group: `cadence-bus-${id}` };
  const asks = buttons && (notice.kind === 'failure' || notice.kind === 'reminder') ? await findAsking(programs) : undefined;
  if (asks !== undefined) {
    const end = await programs.leave(asking(asks, shown, notice, caller));
    return end === undefined ? { kind: 'delivered' } : judgeProgram(end);
  }
  const notifier = programs.find('terminal-notifier', FOLDERS);
  const argv = notifier === undefined ? scripted(programs, shown) : notifying(notifier, shown, notice);
  if (argv === undefined) return { kind: 'failed', because: 'neither terminal-notifier nor osascript is here: this is no Mac' };
  return judgeProgram(await programs.hear({ argv, withinMs: WITHIN_MS }));
}

interface Shown {
  readonly title: string;
  readonly text: string;
  readonly group: string;
}

async function findAsking(programs: Programs): Promise<string | undefined> {
  const alerter = programs.find('alerter', FOLDERS);
  if (alerter !== undefined) return alerter;
  const notifier = programs.find('terminal-notifier', FOLDERS);
  if (notifier === undefined) return undefined;
  const { stdout, stderr } = await programs.hear({ argv: [notifier, '-help'], withinMs: WITHIN_MS });
  return /^\s*-actions\b/m.test(`${stdout}\n${stderr}`) ? notifier : undefined;
}

/** The words are arguments of the script; what a click sets off is one of two calls that stand in it. */
const ASK = `choice=$("$1" -title "$2" -message "$3" -group "$4" -actions Run,Ignore -timeout "$5") || exit $?
cadence=$6 incident=$7 root=$8
shift 8
case $choice in
  *Run*) exec "$@" enqueue "$cadence" --source notice --root "$root" ;;
  *Ignore*) if [ -n "$incident" ]; then exec "$@" incidents ignore "$incident" --root "$root"; else exec "$@" ignore "$cadence" --root "$root"; fi ;;
esac`;

function asking(program: string, { title, text, group }: Shown, { cadence, incident_id }: Notice, { cli, root }: Caller): ProgramCall {
  return { argv: ['/bin/sh', '-c', ASK, 'sh', program, title, text, group, String(WAITS_SECONDS), cadence, incident_id ?? '', root, ...cli] };
}

function notifying(program: string, { title, text, group }: Shown, { facts }: Notice): ProgramCall['argv'] {
  const log = facts.log_path;
  const opens = typeof log === 'string' && log.startsWith('/') ? ['-open', `file://${log.split('/').map(encodeURIComponent).join('/')}`] : [];
  return [program, '-title', title, '-message', text, '-group', group, ...opens];
}

function scripted(programs: Programs, { title, text }: Shown): ProgramCall['argv'] | undefined {
  const program = programs.find('osascript');
  if (program === undefined) return undefined;
  const script = ['on run argv', 'display notification (item 2 of argv) with title (item 1 of argv)', 'end run'].flatMap((line) => ['-e', line]);
  return [program, ...script, title, text];
}

/** These programs take what begins with a dash for an option, and with a bracket for a list. */
function words(text: string, width: number): string {
  const line = truncate(toVisible(text), width);
  return /^[\p{L}\p{N}]/u.test(line) ? line : `· ${line}`;
}
