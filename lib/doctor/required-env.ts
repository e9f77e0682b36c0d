import type { Cadence, RunKind } from '../core/cadence.ts';
import { type Check, ok, warn } from './check.ts';
import { listed } from './wording.ts';

export interface RequiredEnvDeps {
  readonly cadences: () => readonly Cadence[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What is unset here may be set for the owner, so this is never red. */
export function createRequiredEnvCheck({ cadences, env }: RequiredEnvDeps): Check {
  return {
    id: 'required-env',
    title: 'Environment',
    async inspect() {
      const askers = new Map<string, string[]>();
      for (const cadence of cadences()) {
        const unset = [...cadence.requiredEnv.filter((name) => (env[name] ?? '') === ''), ...passedNames(cadence).filter((name) => env[name] === undefined)];
        for (const name of new Set(unset)) askers.set(name, [...(askers.get(name) ?? []), cadence.name]);
      }
      if (askers.size === 0) return ok('every variable that a cadence asks for is set here');
      const told = listed([...askers].map(([name, names]) => `${name} (${listed(names, 3)})`));
      return warn(`not set here: ${told}; the owner's environment may differ`, `export ${[...askers.keys()].map((name) => `${name}=…`).join(' ')}`);
    },
  };
}

function passedNames(cadence: Cadence): readonly string[] {
  return [cadence.run, cadence.guard].flatMap((kind: RunKind | undefined) => (kind === undefined || kind.kind === 'inline' ? [] : kind.env.names));
}
