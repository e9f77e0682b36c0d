import { createDefinitionCache, type DefinitionCache } from '../../config/definition-cache.ts';
import type { Paths } from '../../core/paths.ts';
import type { Ms } from '../../core/time/instant.ts';
import { VERSION } from '../../core/version.ts';
import type { Machine } from '../../platform/machine.ts';
import { createPermissions } from '../../platform/permissions.ts';
import type { Files } from '../../ports.ts';

/**
 * What this program knows of the definitions of a root. A program that was built or installed anew, even in the same version, knows
 * nothing, for its folder is another one; and one that runs from its sources never does, for those are edited in place.
 */
export function knownDefinitions(files: Files, paths: Paths, { node, home }: Machine, nowMs: () => Ms): DefinitionCache | undefined {
  if (import.meta.url.endsWith('.ts')) return undefined;
  const program = files.info(import.meta.dirname);
  if (program === undefined) return undefined;
  const madeBy = [VERSION, node, program.inode, program.ctimeMs, paths.root, home].join(' ');
  return createDefinitionCache({ files, path: paths.definitions, folder: paths.state, madeBy, uid: createPermissions().uid, nowMs });
}
