import { resolve } from 'node:path';
import { changeDefinitions, viewChange } from '../../app/definitions/file.ts';
import { FOREIGN_KINDS, type ForeignKind, type ImportPlan, planImport } from '../../app/definitions/importing.ts';
import { CadenceError } from '../../core/error.ts';
import { nearest } from '../../core/text/nearest.ts';
import { tellChanges } from '../changes.ts';
import type { CommandContext } from '../command.ts';

/** Two that run one thing are a doubled night; nobody but its person can take it from the other. */
const STILL_THERE: Readonly<Record<ForeignKind, string>> = {
  crontab: 'cron runs these lines as well until they are taken out: crontab -e',
  launchd: 'launchd runs it as well until it is taken out: launchctl bootout gui/$(id -u)/<label>',
  pinglet: 'pinglet runs these as well until each is disabled there: pinglet.py --task-disable <id>',
  docket: 'docket runs these as well until its timers are disabled: systemctl --user list-timers',
};

export async function run(context: CommandContext): Promise<number> {
  const { words, flags, out, cwd, root } = context;
  const [named, file] = words;
  const kind = FOREIGN_KINDS.find((known) => known === named);
  if (kind === undefined)
    throw new CadenceError(
      'usage',
      named === undefined ? 'import from what?' : `nothing is known of ${named.slice(0, 80)}`,
      `${hint(named)}One of ${FOREIGN_KINDS.join(', ')}.`,
    );
  if (file === undefined)
    throw new CadenceError(
      'usage',
      `import ${kind} needs a file`,
      kind === 'crontab' ? 'For example: crontab -l | cadence-bus import crontab -' : 'Name it, or - for stdin.',
    );
  const at = await root();
  const plan = planImport(at, kind, file === '-' ? file : resolve(cwd, file));
  const changes = await changeDefinitions(at, flags.has('dry-run'), () => plan.changes);
  const code = tellChanges(context, {
    changes: changes.map((change) => viewChange(at, change)),
    more: { cadences: plan.cadences, skipped: plan.skipped, lost: plan.lost },
    nothing: 'There is nothing to import.',
    next: ['cadence-bus list', 'cadence-bus check'],
  });
  for (const line of losses(plan)) out.note(line);
  if (changes.length > 0) out.note(STILL_THERE[kind]);
  return code;
}

function hint(named: string | undefined): string {
  const close = named === undefined ? undefined : nearest(named, FOREIGN_KINDS);
  return close === undefined ? '' : `Did you mean ${close}? `;
}

function losses({ cadences, skipped, lost }: ImportPlan): readonly string[] {
  return [
    ...skipped.map(({ origin, because }) => `skipped ${origin}: ${because}`),
    ...cadences.flatMap(({ name, lost: own }) => own.map(({ key, because }) => `${name}: ${key} is not carried over: ${because}`)),
    ...lost.map(({ key, because }) => `${key} is not carried over: ${because}`),
  ];
}
