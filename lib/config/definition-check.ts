import type { BusSettings } from '../core/cadence.ts';
import type { Problem } from '../ports.ts';
import { checkBusSettings } from '../wire/bus-settings.ts';
import { inOrder } from '../wire/problem.ts';
import { readYaml } from '../wire/yaml-source.ts';
import { type DraftContext, draftCadence, MOST_PROMPT_BYTES, MOST_YAML_BYTES } from './cadence-draft.ts';

/** What would be wrong with this text if it were the file at `path`: what the text says, what it needs of the disk, its size. */
export function problemsOfText(name: string, path: string, text: string, context: DraftContext, lanes: BusSettings['lanes']): readonly Problem[] {
  const most = path.endsWith('.md') ? MOST_PROMPT_BYTES : MOST_YAML_BYTES;
  if (Buffer.byteLength(text) > most)
    return [{ path, line: 1, column: 1, key: '', message: `larger than ${most / 1024} KB`, hint: 'A definition is small; put data into files of their own.' }];
  const draft = draftCadence(name, path, text, context);
  return inOrder([...draft.problems, ...draft.missing(lanes).problems]).map((problem) => ({ path, ...problem }));
}

/** The same for `bus.yaml`. */
export function problemsOfSettings(path: string, text: string): readonly Problem[] {
  return inOrder(checkBusSettings(readYaml(text)).problems).map((problem) => ({ path, ...problem }));
}
