import { SETTINGS_FILE } from '../core/paths.ts';
import { CADENCE_NAME_RULE, cadenceNameFrom, isCadenceName } from '../core/tick.ts';
import type { Problem } from '../ports.ts';

/**
 * What the names in `cadences/` say: which file belongs to which cadence, and which has no right to its name. A misnamed
 * file is kept under its file name, which can never be the name of a cadence, for it has a dot.
 */
export interface FolderView {
  readonly cadences: ReadonlyMap<string, readonly string[]>;
  readonly misnamed: ReadonlyMap<string, Problem>;
}

const KINDS: ReadonlySet<string> = new Set(['yaml', 'yml', 'md']);
const LINE_ENDS = ['\n', '\r', '\u2028', '\u2029'];

interface FileName {
  readonly stem: string;
  readonly suffix: string;
}

/**
 * undefined: it is no definition. Hidden files, and what editors leave beside a file while they save it, are none; a README is for people. By no
 * pattern, which would take longer to make than a folder to read.
 */
function readName(file: string): FileName | undefined {
  if (file.startsWith('.') || file.startsWith('#') || file === 'README.md' || file === SETTINGS_FILE) return undefined;
  const at = file.lastIndexOf('.');
  const suffix = file.slice(at + 1);
  if (at < 1 || !KINDS.has(suffix.toLowerCase()) || LINE_ENDS.some((end) => file.includes(end))) return undefined;
  return { stem: file.slice(0, at), suffix };
}

/** The cadence whose definition a file is, by its name alone. */
export function cadenceOf(file: string): string | undefined {
  const name = readName(file);
  return name === undefined || whyMisnamed(name) !== undefined ? undefined : name.stem;
}

export function viewFolder(names: readonly string[], pathOf: (file: string) => string): FolderView {
  const cadences = new Map<string, string[]>();
  const misnamed = new Map<string, Problem>();
  for (const file of [...names].sort()) {
    const name = readName(file);
    if (name === undefined) continue;
    const why = whyMisnamed(name);
    if (why === undefined) cadences.set(name.stem, [...(cadences.get(name.stem) ?? []), file]);
    else misnamed.set(file, { path: pathOf(file), line: 1, column: 1, key: '', ...why });
  }
  return { cadences, misnamed };
}

function whyMisnamed({ stem, suffix }: FileName): { readonly message: string; readonly hint: string } | undefined {
  if (stem.toLowerCase() === 'bus') return { message: 'the settings of the bus are in bus.yaml, and no cadence is called bus', hint: 'Rename it.' };
  if (stem.startsWith('bus-'))
    return { message: 'names that begin with bus- belong to the program', hint: `Rename it, for example to ${stem.slice(4) || 'my-cadence'}.${suffix}.` };
  if (suffix !== suffix.toLowerCase()) return { message: `the suffix is .${suffix}, expected .${suffix.toLowerCase()}`, hint: 'Rename it.' };
  if (isCadenceName(stem)) return undefined;
  const better = cadenceNameFrom(stem);
  const example = better === undefined ? '' : ` For example ${better}.${suffix}.`;
  return {
    message: `${JSON.stringify(stem.slice(0, 80))} is not a cadence name`,
    hint: `${CADENCE_NAME_RULE}${example}`,
  };
}
