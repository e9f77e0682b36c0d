import type { Paths } from '../core/paths.ts';
import { type Check, ok, warn } from './check.ts';
import { counted, listed, shellWord } from './wording.ts';

export interface IncidentsCheckDeps {
  readonly paths: Pick<Paths, 'incidents'>;
  /** By id, `broken` where its `incident.json` is missing or no such document. */
  readonly incidents: () => ReadonlyMap<string, 'whole' | 'broken'>;
}

/** A broken one is passed over by everybody; what it stood for opens again with the next failure. */
export function createIncidentsCheck({ paths, incidents }: IncidentsCheckDeps): Check {
  return {
    id: 'incidents',
    title: 'Incidents',
    async inspect() {
      const all = incidents();
      const broken = [...all].flatMap(([id, kind]) => (kind === 'broken' ? [id] : []));
      const [first] = broken;
      if (first === undefined) return ok(all.size === 0 ? 'none on file' : `${counted(all.size, 'incident')} on file, each can be read`);
      return warn(`${counted(broken.length, 'incident')} cannot be read: ${listed(broken)}`, `ls -l ${shellWord(`${paths.incidents}/${first}`)}`);
    },
  };
}
