import { versionManagerOf } from '../core/node-place.ts';
import type { Clock } from '../ports.ts';
import { type Check, fail, ok, warn } from './check.ts';

export interface NodeVersionDeps {
  readonly version: string;
  /** Where the program lies. */
  readonly execPath: string;
  readonly clock: Pick<Clock, 'nowMs'>;
}

const LEAST = [20, 19] as const;

/** The last day on which a line of Node is mended, by its own schedule of releases. */
const LAST_DAYS: Readonly<Record<number, string>> = { 20: '2026-04-30', 21: '2024-06-01', 22: '2027-04-30', 23: '2025-06-01', 24: '2028-04-30' };

export function createNodeVersionCheck({ version, execPath, clock }: NodeVersionDeps): Check {
  return {
    id: 'node-version',
    title: 'Node',
    async inspect() {
      const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
      const isEnough = major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);
      if (!isEnough) return fail(`${version} is too old: the bus needs Node ${LEAST.join('.')} or later`, 'nvm install --lts');
      const lastDay = LAST_DAYS[major];
      if (lastDay !== undefined && clock.nowMs() >= Date.parse(lastDay) + 86_400_000)
        return warn(`${version}: Node ${major} is not mended any more since ${lastDay}`, 'nvm install --lts');
      const manager = versionManagerOf(execPath);
      if (manager === undefined) return ok(version);
      const told = `${version} lies in a folder of ${manager} (${execPath}): a service that names it stands still once ${manager} takes it away`;
      return warn(told, 'N_PREFIX="$HOME/.local" npx n lts');
    },
  };
}
