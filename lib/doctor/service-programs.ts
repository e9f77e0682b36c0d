import { isVersioned } from '../core/node-place.ts';
import type { Files } from '../ports.ts';
import { type Check, fail, ok, warn } from './check.ts';
import { listed } from './wording.ts';

export interface ServiceProgramsDeps {
  readonly files: Pick<Files, 'info' | 'realPath'>;
  /** What the services start; undefined: nothing is installed. */
  readonly programs: Readonly<Record<'node' | 'program' | 'enqueue', string>> | undefined;
}

/** launchd and systemd start what they were told to months ago: an upgrade may have taken it away since. */
export function createServiceProgramsCheck({ files, programs }: ServiceProgramsDeps): Check {
  return {
    id: 'service-programs',
    title: 'Service programs',
    async inspect() {
      if (programs === undefined) return ok('nothing is installed');
      const { node, program, enqueue } = programs;
      const all = [node, program, enqueue];
      const relative = all.filter((path) => !path.startsWith('/'));
      if (relative.length > 0) return fail(`a service starts by an absolute path only, and not ${listed(relative)}`, 'cadence-bus install');
      const gone = all.filter((path) => files.info(path) === undefined);
      if (gone.length > 0) return fail(`the services start ${listed(gone)}, which is gone`, 'cadence-bus install');
      if (isVersioned(node))
        return warn(`the services start ${node}, which bears a version and goes with it`, 'N_PREFIX="$HOME/.local" npx n lts && cadence-bus install');
      return ok(listed(all));
    },
  };
}
