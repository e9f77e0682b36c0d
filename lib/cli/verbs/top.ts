import { readTop } from '../../app/answers/top-view.ts';
import { openTerminal, type Shown, watchRoot } from '../../app/live.ts';
import { nowMs } from '../../app/root.ts';
import { CadenceError } from '../../core/error.ts';
import { shellWord } from '../../core/text/shell-word.ts';
import type { CommandContext } from '../command.ts';
import { fit } from '../output.ts';
import { type Gaze, turn, wishesOf } from '../top/keys.ts';
import { pictureOf, plainPicture } from '../top/picture.ts';
import { nextSteps } from './status.ts';

export async function run(context: CommandContext): Promise<number> {
  const { flags, out, root, env, isScreen, leaving } = context;
  const at = await root();
  if (isScreen && !flags.has('once') && !out.isJson && env.TERM !== 'dumb') {
    await leaving('lines').orLeft(look(at, context), () => busGoesOn(at));
    return 0;
  }
  const view = await readTop(at);
  const frame = { columns: Number.POSITIVE_INFINITY, nowMs: nowMs(), paint: out.paint };
  out.result({ ...view }, () => plainPicture({ view, refused: undefined }, frame));
  out.next(...nextSteps(view));
  return 0;
}

function busGoesOn(root: string): CadenceError {
  return new CadenceError('timeout', 'the bus goes on as it did', `Look again: cadence-bus top --root ${shellWord(root)}`);
}

/** Until somebody quits. The terminal is as it was, whatever comes. */
async function look(root: string, { out, leaving }: CommandContext): Promise<void> {
  const isColored = out.paint.bold('') !== '';
  let gaze: Gaze = { scroll: 0, isHelp: false };
  let [page, lastScroll] = [1, 0];
  let quit: () => void;
  const quitted = new Promise<void>((resolve) => {
    quit = resolve;
  });

  function show(shown: Shown): number | undefined {
    const { columns, rows } = terminal.size();
    const picture = pictureOf(shown, { columns, rows, ...gaze, nowMs: nowMs(), paint: out.paint });
    terminal.draw(picture.lines.map((line) => fit(line, isColored)));
    lastScroll = picture.lastScroll;
    page = Math.max(1, rows - 4);
    gaze = { ...gaze, scroll: Math.min(gaze.scroll, lastScroll) };
    return picture.movesInMs;
  }

  function hear(typed: string): void {
    for (const wish of wishesOf(typed)) {
      const next = turn(gaze, wish, { page, lastScroll });
      if (next === undefined) quit();
      else gaze = next;
    }
    live.redraw();
  }

  const terminal = openTerminal({ onKeys: hear, onChange: () => live.redraw(), onGone: () => quit() });
  const live = watchRoot(root, show);
  const close = (): void => {
    live.close();
    terminal.close();
  };
  // What is said when a signal ends it is said where it can be read.
  leaving().leave.addEventListener('abort', close, { once: true });
  await Promise.race([quitted, live.failed]).finally(close);
}
