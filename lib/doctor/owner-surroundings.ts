import type { OwnerState, Surroundings } from '../ports.ts';
import { type Check, ok, warn } from './check.ts';
import { listed } from './wording.ts';

export interface OwnerSurroundingsDeps {
  readonly owner: () => Promise<OwnerState>;
  /** Those of this shell. */
  readonly here: () => Surroundings;
  /** bus.yaml names the claude to use, so it matters not which one is found. */
  readonly isClaudeSet: () => boolean;
}

/** What works in a shell may fail in a service, which has a PATH, a HOME and so a claude of its own. */
export function createOwnerSurroundingsCheck({ owner, here, isClaudeSet }: OwnerSurroundingsDeps): Check {
  return {
    id: 'owner-surroundings',
    title: 'Surroundings',
    async inspect() {
      const { kind, info } = await owner();
      if (kind === 'none' || info === undefined) return ok('nobody runs the bus');
      if (info.surroundings === undefined) return ok('the owner is of an older version, which does not tell them');
      const told = differences(info.surroundings, here(), isClaudeSet());
      return told.length === 0 ? ok('the owner sees what this shell sees') : warn(told.join('\n'), `kill ${info.pid} && cadence-bus start`);
    },
  };
}

/** Folders that only the owner has, and their order, are its own affair. */
function differences(owner: Surroundings, shell: Surroundings, isClaudeSet: boolean): readonly string[] {
  const told: string[] = [];
  if (owner.home !== shell.home) told.push(`the owner's HOME is ${owner.home}, here it is ${shell.home}: it may have another login`);
  if (!isClaudeSet && owner.claude !== shell.claude) told.push(`the owner finds ${owner.claude ?? 'no claude'}, this shell ${shell.claude ?? 'none'}`);
  const its = new Set(owner.path.split(':'));
  const lacking = [...new Set(shell.path.split(':'))].filter((folder) => folder !== '' && !its.has(folder));
  if (lacking.length > 0) told.push(`the owner's PATH lacks ${listed(lacking)}`);
  return told;
}
