/** What a fix changes in the environment of the next runs: a value, or half or double of what the failing run had. */
export type EnvChange = { readonly kind: 'literal'; readonly value: string } | { readonly kind: 'half' | 'double' };

export type EnvChanges = Readonly<Record<string, EnvChange>>;

export type Changed =
  | { readonly kind: 'changed'; readonly values: Readonly<Record<string, string>> }
  /** It cannot be done, or would change nothing: a restart would only fail again. */
  | { readonly kind: 'impossible'; readonly because: string };

const NUMBER = /^[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * Names that decide which code a program loads, and ours, by which a run's processes are found: no fix may set them,
 * whoever proposes it.
 */
const GUARDED =
  /^(?:PATH|HOME|SHELL|IFS|ENV|BASH_ENV|PYTHON(?:PATH|STARTUP|HOME)|NODE_(?:OPTIONS|PATH|EXTRA_CA_CERTS)|PERL5(?:LIB|OPT)|RUBY(?:LIB|OPT)|JAVA_TOOL_OPTIONS|GIT_.*|SSH_.*|LD_.*|DYLD_.*|CADENCE_.*|CLAUDE.*|ANTHROPIC_.*)$/;

export function isSettable(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]{0,99}$/.test(name) && !GUARDED.test(name);
}

/** `half` and `double` are words; all else is the value itself. */
export function parseEnvChange(word: string): EnvChange {
  return word === 'half' || word === 'double' ? { kind: word } : { kind: 'literal', value: word };
}

/** `valueNow`: what the failing run had under this name. */
export function changedEnv(changes: EnvChanges, valueNow: (name: string) => string | undefined): Changed {
  const values: Record<string, string> = {};
  for (const [name, change] of Object.entries(changes)) {
    if (!isSettable(name)) return { kind: 'impossible', because: `${name} may not be set by a fix` };
    if (change.kind === 'literal') values[name] = change.value;
    else {
      const before = valueNow(name);
      const after = before === undefined ? undefined : scaled(before.trim(), change.kind);
      if (before === undefined) return { kind: 'impossible', because: `${name} is not set, so there is no ${change.kind} of it` };
      if (after === undefined)
        return { kind: 'impossible', because: `${name} is ${JSON.stringify(before.slice(0, 40))}, and there is no ${change.kind} of that` };
      values[name] = after;
    }
  }
  const isNew = Object.entries(values).some(([name, value]) => valueNow(name) !== value);
  return isNew ? { kind: 'changed', values } : { kind: 'impossible', because: 'the failing run had these values already' };
}

/** Whole numbers stay whole: half of 5 is 2, and of 1 there is none. */
function scaled(text: string, how: 'half' | 'double'): string | undefined {
  if (!NUMBER.test(text)) return undefined;
  const before = Number(text);
  const isWhole = /^[+-]?\d+$/.test(text);
  if (isWhole && !Number.isSafeInteger(before)) return undefined;
  const after = how === 'double' ? before * 2 : isWhole ? Math.trunc(before / 2) : before / 2;
  const isUsable = Number.isFinite(after) && after !== 0 && (!isWhole || Number.isSafeInteger(after));
  return isUsable ? String(after) : undefined;
}
