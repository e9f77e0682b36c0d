import { changeDefinitions, viewChange } from '../../app/definitions/file.ts';
import { planNew } from '../../app/definitions/new-definition.ts';
import { readText } from '../../app/producing.ts';
import { CadenceError } from '../../core/error.ts';
import { tellChanges } from '../changes.ts';
import type { CommandContext } from '../command.ts';
import { keyWords } from '../key-words.ts';
import { followTimer } from '../timer-follow.ts';

export async function run(context: CommandContext): Promise<number> {
  const { words, flags, root } = context;
  const [name, ...argv] = words;
  if (name === undefined) throw new CadenceError('usage', 'new needs a name', 'For example: cadence-bus new nightly-backup --command ./backup.sh');
  const at = await root();
  const prompt = flags.text('prompt');
  const set = [...flags.texts('set'), ...(flags.has('disabled') ? ['enabled=false'] : []), ...(flags.has('destructive') ? ['destructive=true'] : [])];
  const wanted = { ...keyWords(flags), set, name, argv, prompt: prompt === undefined ? undefined : readText(prompt), inline: flags.text('inline') };
  const changes = await changeDefinitions(at, flags.has('dry-run'), () => planNew(at, wanted));
  return tellChanges(context, {
    changes: changes.map((change) => viewChange(at, change)),
    more: { cadence: name, ...(await followTimer(context, at, name)) },
    nothing: '',
    next: [`cadence-bus show ${name}`, `cadence-bus run ${name} --dry-run`],
  });
}
