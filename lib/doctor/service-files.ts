import { type Check, ok, warn } from './check.ts';
import { listed } from './wording.ts';

export interface ServiceFilesDeps {
  /** Files of launchd or systemd that do not say what the definitions say now; undefined: nothing is installed. */
  readonly drift: () => Promise<Drift | undefined>;
}

export interface Drift {
  readonly differing: readonly string[];
  readonly missing: readonly string[];
  /** Of cadences that have no schedule any more, or are gone. */
  readonly stale: readonly string[];
}

/** What was handed to the system is a copy of the definitions; here is where it is told that the two have come apart. */
export function createServiceFilesCheck({ drift }: ServiceFilesDeps): Check {
  return {
    id: 'service-files',
    title: 'Service files',
    async inspect() {
      const found = await drift();
      if (found === undefined) return ok('nothing is installed');
      const told = [
        ['says not what its definition says now', found.differing],
        ['is missing', found.missing],
        ['has no reason any more', found.stale],
      ] as const;
      const lines = told.flatMap(([what, paths]) => (paths.length === 0 ? [] : [`${listed(paths)} ${what}`]));
      return lines.length === 0 ? ok('they say what the definitions say') : warn(lines.join('\n'), 'cadence-bus install');
    },
  };
}
