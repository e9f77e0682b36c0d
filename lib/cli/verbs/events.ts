import { followEvents, listEvents } from '../../app/journal-view.ts';
import { nowMs } from '../../app/root.ts';
import type { BusEvent } from '../../core/event.ts';
import type { CommandContext } from '../command.ts';
import { describeEvent } from '../event-words.ts';

const SHOWN = 200;

export async function run({ words, flags, out, root }: CommandContext): Promise<number> {
  const [id] = words;
  const at = await root();
  const since = flags.duration('since');
  const limit = flags.text('limit') === undefined && (id !== undefined || since !== undefined) ? undefined : flags.count('limit', SHOWN);
  const query = { id, sinceMs: since === undefined ? undefined : nowMs() - since, limit };
  const print = (event: BusEvent): void => {
    const line = describeEvent(event, out.paint, at);
    if (out.isJson || line !== undefined) out.line(event, `${event.ts.replace('T', ' ').slice(0, 23)}  ${line ?? ''}`);
  };
  if (flags.has('follow')) await followEvents(at, query, print);
  else listEvents(at, query, print);
  return 0;
}
