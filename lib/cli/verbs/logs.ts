import { followLogs, hasOutput, readLogs, refuseOutputless, type Stream } from '../../app/following.ts';
import { createReading } from '../../app/reading.ts';
import { leftBehind } from '../../app/waiting.ts';
import { CadenceError } from '../../core/error.ts';
import type { RunRecord } from '../../core/run.ts';
import type { CommandContext } from '../command.ts';

const STREAMS: readonly Stream[] = ['stdout', 'stderr'];

export async function run({ words, flags, out, root, leaving }: CommandContext): Promise<number> {
  const [id] = words;
  if (id === undefined) throw new CadenceError('usage', 'logs needs the id of a run or a tick', 'See cadence-bus runs.');
  const at = await root();
  const named = STREAMS.filter((stream) => flags.has(stream));
  const tail = flags.text('tail') === undefined ? undefined : flags.count('tail', 10);
  const raw = flags.has('raw');
  const options = { streams: named.length === 0 ? STREAMS : named, tailLines: tail, raw, told: !raw && named.length === 0 && !out.isJson, isAsked: true };
  const print = ({ stream, text }: { readonly stream: Stream; readonly text: string }): void => {
    if (out.isJson) out.line({ stream, text }, '');
    else out.words(text, raw);
  };
  const now = createReading(at).lookup(id);
  if (!hasOutput(now) && !flags.has('follow')) throw refuseOutputless(now);
  const follow = (): Promise<RunRecord> => leaving('lines').orLeft(followLogs(at, id, options, print), () => leftBehind(at, id, 'logs -f'));
  const record = flags.has('follow') ? await follow() : readLogs(at, id, options, print);
  out.next(`cadence-bus show ${record.run_id}`);
  return 0;
}
