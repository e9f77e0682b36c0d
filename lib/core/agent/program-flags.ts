/**
 * Which options a program knows, by what its `--help` says. An unknown option ends claude at once, and options come and go
 * with its versions.
 */
export interface KnownFlags {
  readonly names: ReadonlySet<string>;
  /** The word behind them is their value, whatever it looks like. */
  readonly takingOne: ReadonlySet<string>;
}

const LINE = /^\s+(?:-\w, )?(--[\w-]+(?:, --[\w-]+)*)(?: ([<[][^>\]]*[>\]]))?/;

export function parseHelp(help: string): KnownFlags {
  const takingOne = new Set<string>();
  for (const line of help.split('\n')) {
    const [, names = '', value = ''] = LINE.exec(line) ?? [];
    if (value.startsWith('<') && !value.includes('...')) for (const name of names.split(', ')) takingOne.add(name);
  }
  // A name that is only spoken of counts too: better to hand one on in vain than to refuse one that works.
  return { names: new Set(help.match(/--[a-z][\w-]*/g) ?? []), takingOne };
}

/** They work, though no help speaks of them. */
const HIDDEN: ReadonlySet<string> = new Set([
  '--max-turns',
  '--permission-prompt-tool',
  '--system-prompt-file',
  '--append-system-prompt-file',
  '--max-thinking-tokens',
]);

/** The long options among these words that are neither known nor hidden, each once. */
export function unknownFlags(words: readonly string[], { names, takingOne }: KnownFlags): readonly string[] {
  const unknown = new Set<string>();
  for (let at = 0; at < words.length; at += 1) {
    const [name] = /^--[a-z][\w-]*/.exec(words[at] as string) ?? [];
    if (name === undefined) continue;
    if (!names.has(name) && !HIDDEN.has(name)) unknown.add(name);
    const isWhole = name === words[at];
    if (isWhole && (takingOne.has(name) || HIDDEN.has(name))) at += 1;
  }
  return [...unknown];
}

/** Whether there is anything to ask a program's help for. */
export function asksForFlags(words: readonly string[]): boolean {
  return unknownFlags(words, { names: new Set(), takingOne: new Set() }).length > 0;
}
