import { followEvents, listEvents } from '../../app/answers/journal-view.ts';
import { nowMs } from '../../app/root.ts';
import { leftBehind } from '../../app/waiting.ts';
import { CadenceError } from '../../core/error.ts';
import type { BusEvent } from '../../core/event.ts';
import { shellWord } from '../../core/text/shell-word.ts';
import type { CommandContext } from '../command.ts';
import { describeEvent } from '../event-words.ts';

const SHOWN = 200;

export async function run({ words, flags, out, root, leaving }: CommandContext): Promise<number> {
  const [id] = words;
  const at = await root();
  const since = flags.duration('since');
  const limit = flags.text('limit') === undefined && (id !== undefined || since !== undefined) ? undefined : flags.count('limit', SHOWN);
  const query = { id, sinceMs: since === undefined ? undefined : nowMs() - since, limit };
  const print = (event: BusEvent): void => {
    const line = describeEvent(event, out.paint, at);
    if (out.isJson || line !== undefined) out.line(event, `${event.ts.replace('T', ' ').slice(0, 23)}  ${line ?? ''}`);
  };
  const left = (): CadenceError => (id === undefined ? busGoesOn(at) : leftBehind(at, id, 'events -f'));
  if (flags.has('follow')) await leaving('lines').orLeft(followEvents(at, query, print), left);
  else listEvents(at, query, print);
  return 0;
}

function busGoesOn(root: string): CadenceError {
  return new CadenceError('timeout', 'the owner goes on', `Look again: cadence-bus events -f --root ${shellWord(root)}`);
}
