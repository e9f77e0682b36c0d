import { type HoldView, readHolds } from '../../app/answers/holds.ts';
import { giveOrder, leftWaiting } from '../../app/orders.ts';
import { createReading } from '../../app/reading.ts';
import { nowMs, unknownCadence } from '../../app/root.ts';
import { CadenceError } from '../../core/error.ts';
import { toVisible } from '../../core/text/excerpt.ts';
import { nearest } from '../../core/text/nearest.ts';
import { isCadenceName } from '../../core/tick.ts';
import { type CommandContext, DRY_RUN } from '../command.ts';
import { holdLine } from './status.ts';

const VERBS = ['ls', 'trip', 'reset'] as const;

export async function run(context: CommandContext): Promise<number> {
  const [verb = 'ls', name] = context.words;
  switch (VERBS.find((known) => known === verb)) {
    case 'ls':
      return list(context);
    case 'trip':
      return change(context, 'trip', name);
    case 'reset':
      return change(context, 'reset', name);
    case undefined:
      throw new CadenceError('usage', `breaker has no verb ${verb}`, `Did you mean ${nearest(verb, VERBS) ?? VERBS.join(', ')}?`);
  }
}

async function list({ out, root }: CommandContext): Promise<number> {
  const holds = readHolds(createReading(await root()), nowMs());
  out.result({ ok: true, holds }, () =>
    holds.length === 0
      ? 'Nothing is held: every breaker is closed.'
      : holds.flatMap((hold) => [holdLine(hold), ...(hold.advice === undefined ? [] : [`  → ${toVisible(hold.advice)}`])]).join('\n'),
  );
  const first = holds.find(({ state }) => state !== 'closed') ?? holds[0];
  if (first !== undefined) out.next(...waysOut(first));
  return 0;
}

/** A breaker is reset, an operator's own stop is taken back. */
function waysOut({ key, state }: HoldView): readonly string[] {
  const name = key.replace(/^cadence:/, '');
  if (state === 'budget') return [key === 'bus' ? 'cadence-bus costs' : `cadence-bus costs ${name}`];
  if (state === 'halted' || state === 'paused') return [key === 'bus' ? 'cadence-bus resume' : `cadence-bus resume ${name}`];
  return [`cadence-bus breaker reset ${name}`, 'cadence-bus runs --status failed'];
}

async function change({ flags, out, root, leaving }: CommandContext, order: 'trip' | 'reset', name: string | undefined): Promise<number> {
  const at = await root();
  const isAll = flags.has('all') && order === 'reset';
  if (name === undefined && !isAll)
    throw new CadenceError(
      'usage',
      `breaker ${order} needs a cadence, account:NAME or provider:NAME`,
      order === 'reset' ? 'Or --all, for every key.' : 'See cadence-bus breaker ls.',
    );
  const key = isAll || name === undefined ? undefined : keyOf(at, name);
  if (flags.has('dry-run')) {
    out.result({ ok: true, dry_run: true, would: order, key: key ?? 'all' }, () => `Would ${order} ${key ?? 'every key'}.`);
    return DRY_RUN;
  }
  const because = flags.text('because');
  const given =
    order === 'reset'
      ? giveOrder(at, { order, ...(key === undefined ? {} : { key }) })
      : giveOrder(at, { order, key: key ?? '', ...(because === undefined ? {} : { because }) });
  const record = await leaving().orLeft(given, () => leftWaiting(at));
  out.result({ ok: true, key: key ?? 'all', state: order === 'reset' ? 'closed' : 'isolated', run_id: record.run_id }, () =>
    key === undefined ? 'Every breaker is closed.' : `${key} is ${order === 'reset' ? 'closed' : 'held open'}.`,
  );
  out.next('cadence-bus status');
  return 0;
}

/** `nightly`, `cadence:nightly`, `account:claude` or `provider:codex`: the key, if there is such a thing. Throws `not_found`. */
export function keyOf(root: string, name: string): string {
  if (/^(?:account|provider):[a-z0-9][a-z0-9-]*$/.test(name)) return name;
  const cadence = name.replace(/^cadence:/, '');
  const { holds, defined } = createReading(root);
  const { breakers, paused } = holds();
  const key = `cadence:${cadence}`;
  // What was deleted may still be held, and must be freed.
  if (isCadenceName(cadence) && (defined().includes(cadence) || Object.hasOwn(breakers, key) || Object.hasOwn(paused, key))) return key;
  throw unknownCadence(name, defined());
}
