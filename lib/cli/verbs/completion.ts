import { cadenceNames } from '../../app/definitions/names.ts';
import { CadenceError } from '../../core/error.ts';
import { nearest } from '../../core/text/nearest.ts';
import type { CommandContext } from '../command.ts';
import { completionScript, SHELLS } from '../completion.ts';

export async function run({ words, flags, out, groups, everywhere, root }: CommandContext): Promise<number> {
  const [named] = words;
  if (flags.has('names')) {
    const names = cadenceNames(await root());
    out.result({ ok: true, names }, () => names.join('\n'));
    return 0;
  }
  const shell = SHELLS.find((known) => known === named);
  if (shell === undefined) {
    const close = named === undefined ? undefined : nearest(named, SHELLS);
    const hint = close === undefined ? `One of ${SHELLS.join(', ')}; for example: source <(cadence-bus completion bash)` : `Did you mean ${close}?`;
    throw new CadenceError('usage', named === undefined ? 'completion for which shell?' : `there is no completion for ${named.slice(0, 80)}`, hint);
  }
  const script = completionScript(shell, groups, everywhere);
  out.result({ ok: true, shell, script }, () => script.trimEnd());
  return 0;
}
