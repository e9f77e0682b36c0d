import type { OwnerState } from '../ports.ts';
import { type Check, ok, warn } from './check.ts';

export interface OwnerVersionDeps {
  readonly owner: () => Promise<OwnerState>;
  readonly version: string;
}

/** An owner goes on with the program that it was started with, however often that is replaced. */
export function createOwnerVersionCheck({ owner, version }: OwnerVersionDeps): Check {
  return {
    id: 'owner-version',
    title: 'Version',
    async inspect() {
      const { kind, info } = await owner();
      if (kind === 'none' || info === undefined || info.version === version) return ok(version);
      return warn(`the owner runs ${info.version}, this program is ${version}`, `kill ${info.pid} && cadence-bus start`);
    },
  };
}
