import { type DeadSelection, type DeadView, deadFiles, listDead, reviveDead, showDead } from '../../app/answers/dead-ticks.ts';
import { giveOrder, leftWaiting } from '../../app/orders.ts';
import { CadenceError } from '../../core/error.ts';
import { toVisible, truncate } from '../../core/text/excerpt.ts';
import { nearest } from '../../core/text/nearest.ts';
import { type CommandContext, DRY_RUN } from '../command.ts';
import { table } from '../output.ts';

const VERBS = ['ls', 'show', 'retry', 'purge'] as const;

export async function run(context: CommandContext): Promise<number> {
  const [verb = 'ls', ...ids] = context.words;
  switch (VERBS.find((known) => known === verb)) {
    case 'ls':
      return list(context);
    case 'show':
      return show(context, ids);
    case 'retry':
      return retry(context, ids);
    case 'purge':
      return purge(context, ids);
    case undefined:
      throw new CadenceError('usage', `dlq has no verb ${verb}`, `Did you mean ${nearest(verb, VERBS) ?? VERBS.join(', ')}?`);
  }
}

async function list({ flags, out, root }: CommandContext): Promise<number> {
  const dead = listDead(await root(), flags.text('cadence'));
  out.result({ ok: true, dead }, () => (dead.length === 0 ? 'Nothing is dead.' : describe(dead)));
  const [first] = dead;
  if (first !== undefined) out.next(`cadence-bus dlq show ${first.tick}`, `cadence-bus dlq retry ${first.tick}`);
  return 0;
}

function describe(dead: readonly DeadView[]): string {
  return table(
    dead.map((one) => [
      one.tick,
      one.cadence,
      one.reason,
      `${one.attempts} ${one.attempts === 1 ? 'try' : 'tries'}`,
      truncate(toVisible(one.because).replaceAll('\n', ' '), 100),
    ]),
  );
}

async function show({ out, root }: CommandContext, ids: readonly string[]): Promise<number> {
  const [id] = ids;
  if (id === undefined) throw new CadenceError('usage', 'dlq show needs a tick', 'See cadence-bus dlq ls.');
  const { view, incident, content } = showDead(await root(), id);
  out.result(
    { ok: true, ...view, incident, content: content ?? null },
    () => `${describe([view])}${incident === null ? '' : `\nIncident: ${incident}`}\n\n${toVisible(JSON.stringify(content, null, 2) ?? '')}`,
  );
  out.next(...(incident === null ? [] : [`cadence-bus incidents show ${incident}`]), `cadence-bus dlq retry ${view.tick}`);
  return 0;
}

async function retry({ flags, out, root }: CommandContext, ids: readonly string[]): Promise<number> {
  const isDry = flags.has('dry-run');
  const { revived, left } = reviveDead(await root(), selectionOf(flags, ids), isDry);
  if (left.length > 0) out.note(`Left where they are, for another command bears their name by now:\n${describe(left)}`);
  out.result(
    { ok: true, ...(isDry ? { dry_run: true } : {}), revived, left },
    () => `${isDry ? 'Would give back' : 'Given back'} to the inbox: ${revived.length}.${revived.length === 0 ? '' : `\n${describe(revived)}`}`,
  );
  if (revived[0] !== undefined) out.next(`cadence-bus wait ${revived[0].tick}`);
  return isDry ? DRY_RUN : 0;
}

async function purge({ flags, out, root, leaving }: CommandContext, ids: readonly string[]): Promise<number> {
  const at = await root();
  const files = deadFiles(at, selectionOf(flags, ids)).map(({ file }) => file);
  if (flags.has('dry-run')) {
    out.result({ ok: true, dry_run: true, would: 'purge', files }, () => `Would remove ${files.length}:\n${files.join('\n')}`);
    return DRY_RUN;
  }
  if (files.length > 0) await leaving().orLeft(giveOrder(at, { order: 'purge', files }), () => leftWaiting(at));
  out.result({ ok: true, purged: files.length }, () => `Removed: ${files.length}.`);
  return 0;
}

function selectionOf(flags: CommandContext['flags'], ids: readonly string[]): DeadSelection {
  const selection = { ids, all: flags.has('all'), cadence: flags.text('cadence') };
  if (ids.length > 0 && (selection.all || selection.cadence !== undefined))
    throw new CadenceError('usage', 'ticks are named, and a whole kind of them besides', 'Name them, or --cadence C, or --all.');
  if (ids.length === 0 && !selection.all && selection.cadence === undefined)
    throw new CadenceError('usage', 'which dead ticks?', 'Name them, or --cadence C, or --all.');
  return selection;
}
