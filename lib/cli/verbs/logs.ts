import { followLogs, hasOutput, readLogs, refuseOutputless, type Stream } from '../../app/following.ts';
import { createReading } from '../../app/reading.ts';
import { CadenceError } from '../../core/error.ts';
import type { CommandContext } from '../command.ts';

export async function run({ words, flags, out, root }: CommandContext): Promise<number> {
  const [id] = words;
  if (id === undefined) throw new CadenceError('usage', 'logs needs the id of a run or a tick', 'See cadence-bus runs.');
  const at = await root();
  const only: readonly Stream[] = flags.has('stdout') ? ['stdout'] : flags.has('stderr') ? ['stderr'] : ['stdout', 'stderr'];
  const tail = flags.text('tail') === undefined ? undefined : flags.count('tail', 10);
  const raw = flags.has('raw');
  const print = ({ stream, text }: { readonly stream: Stream; readonly text: string }): void => {
    if (out.isJson) out.line({ stream, text }, '');
    else process.stdout.write(text);
  };
  const now = createReading(at).lookup(id);
  if (!hasOutput(now) && !flags.has('follow')) throw refuseOutputless(now);
  const record = flags.has('follow')
    ? await followLogs(at, id, { streams: only, raw }, print)
    : readLogs(at, id, { streams: only, tailLines: tail, raw }, print);
  out.next(`cadence-bus show ${record.run_id}`);
  return 0;
}
