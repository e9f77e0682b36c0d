/** What a process sees of the machine, where it was started. Names as in `--json`; no secret is in it. */
export interface World {
  readonly path: string;
  readonly home: string;
  readonly user: string;
  /** As the shell writes it: `0022`. */
  readonly umask: string;
  readonly folder: string;
  readonly node: string;
  /** The claude that is found by itself. */
  readonly claude: string | null;
  readonly timezone: string;
  readonly language: string;
}

export interface Difference {
  readonly what: string;
  readonly inside: string;
  readonly here: string;
}

/** What is judged in both worlds. */
interface Judged {
  readonly id: string;
  readonly title: string;
  readonly level: string;
  readonly detail: string;
}

/** Where the folder is, and that more is on the PATH inside, matters to nobody: cadences start in folders of their own. */
export function differencesOf(inside: World, here: World): readonly Difference[] {
  const told: Difference[] = [];
  const its = new Set(inside.path.split(':'));
  const lacking = [...new Set(here.path.split(':'))].filter((folder) => folder !== '' && !its.has(folder));
  if (lacking.length > 0) told.push({ what: 'PATH', inside: `lacks ${lacking.join(', ')}`, here: here.path });
  const alike = [
    ['HOME', 'home'],
    ['user', 'user'],
    ['umask', 'umask'],
    ['node', 'node'],
    ['claude', 'claude'],
    ['time zone', 'timezone'],
    ['language', 'language'],
  ] as const;
  for (const [what, key] of alike) if (inside[key] !== here[key]) told.push({ what, inside: inside[key] ?? 'none', here: here[key] ?? 'none' });
  return told;
}

/** Checks that are judged otherwise there than here, such as a login or a permission. */
export function judgedOtherwise(inside: readonly Judged[], here: readonly Judged[]): readonly Difference[] {
  return inside.flatMap(({ id, title, level, detail }) => {
    const twin = here.find((check) => check.id === id);
    const words = (one: { readonly level: string; readonly detail: string }): string => `${one.level}: ${one.detail}`;
    return twin === undefined || twin.level === level ? [] : [{ what: title, inside: words({ level, detail }), here: words(twin) }];
  });
}
