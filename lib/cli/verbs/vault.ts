import { makeVault, type VaultView } from '../../app/vault.ts';
import { type CommandContext, DRY_RUN } from '../command.ts';

export async function run({ flags, out, root }: CommandContext): Promise<number> {
  const isDry = flags.has('dry-run');
  const view = await makeVault(await root(), isDry);
  out.result({ ok: true, ...(isDry ? { dry_run: true, would: 'vault' } : {}), ...view }, () => describe(view, isDry, out.isVerbose));
  if (view.in_the_way.length > 0)
    out.note(
      `${out.paint.yellow('!')} not made here, and left as it is: ${view.in_the_way.slice(0, 5).join(', ')}${view.in_the_way.length > 5 ? ', …' : ''}. Move it away, and its note is written.`,
    );
  if (isDry) return DRY_RUN;
  out.next('cadence-bus incidents', 'cadence-bus web');
  return 0;
}

function describe({ path, notes, written, unchanged, removed, left_out }: VaultView, isDry: boolean, isVerbose: boolean): string {
  const would = isDry ? 'Would have ' : '';
  const older = left_out.incidents + left_out.dead;
  return [
    `${would}${notes} ${notes === 1 ? 'note' : 'notes'} in ${path}: ${written.length} written, ${unchanged} unchanged, ${removed.length} removed.`,
    ...(isVerbose ? [...written.map((one) => `  + ${one}`), ...removed.map((one) => `  - ${one}`)] : []),
    ...(older === 0 ? [] : [`${older} older ones have no note; index.md says how they are found.`]),
    ...(isDry ? [] : ['Read index.md, or open the folder in Obsidian as a vault.']),
  ].join('\n');
}
