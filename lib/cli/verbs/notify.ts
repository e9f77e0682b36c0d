import { chooseSinks, readSinks, type SinkView, type TestResult, testSink, testText } from '../../app/notices.ts';
import { CadenceError } from '../../core/error.ts';
import { toVisible } from '../../core/text/excerpt.ts';
import { nearest } from '../../core/text/nearest.ts';
import { type CommandContext, DRY_RUN } from '../command.ts';
import { table } from '../output.ts';

const WITHIN_MS = 15_000;

export async function run(context: CommandContext): Promise<number> {
  const [verb = 'ls', word] = context.words;
  if (verb === 'test') return test(context, word);
  if (verb === 'ls' && word === undefined) return list(context);
  const close = nearest(verb, ['ls', 'test']);
  throw new CadenceError('usage', `notify does not know what to do with ${(word ?? verb).slice(0, 80)}`, `Did you mean notify ${close ?? 'test'}?`);
}

async function list({ out, root }: CommandContext): Promise<number> {
  const sinks = readSinks(await root());
  out.result({ ok: true, sinks }, () =>
    sinks.length === 0
      ? 'Nobody is told of anything: say whom to tell under notify: in cadences/bus.yaml or in a cadence.'
      : table(sinks.map((one) => [`  ${out.paint.bold(one.sink)}`, waitingWords(one), toVisible(one.last_error ?? ''), one.cadences.join(', ')])),
  );
  for (const { sink, unset } of sinks)
    if (unset.length > 0) out.note(`${out.paint.yellow('!')} ${sink}: ${unset.join(', ')} is not set here; the owner needs it`);
  if (sinks.length > 0) out.next('cadence-bus notify test');
  return 0;
}

function waitingWords({ pending, lost }: SinkView): string {
  return lost === 0 ? `${pending} pending` : `${pending} pending, ${lost} told to nobody`;
}

async function test({ flags, out, root }: CommandContext, word: string | undefined): Promise<number> {
  const at = await root();
  const sinks = chooseSinks(at, word);
  if (flags.has('dry-run')) {
    const message = testText();
    out.result({ ok: true, dry_run: true, would: 'notify', sinks, message }, () => `Would send to ${sinks.join(', ')}:\n${message}`);
    return DRY_RUN;
  }
  const results: TestResult[] = [];
  for (const sink of sinks) results.push(await testSink(at, sink, flags.duration('timeout') ?? WITHIN_MS));
  const ok = results.every((one) => one.ok);
  out.result({ ok, results }, () =>
    table(
      results.map((one) => [`  ${one.ok ? out.paint.green('✓') : out.paint.red('✗')} ${out.paint.bold(one.sink)}`, one.status, toVisible(one.error ?? '')]),
    ),
  );
  out.next('cadence-bus notify');
  return ok ? 0 : 1;
}
