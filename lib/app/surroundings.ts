import type { Machine } from '../platform/machine.ts';
import type { Files, Surroundings } from '../ports.ts';
import { findClaude } from '../runners/claude-binary.ts';

/** What this process sees where it was started: no secret is in it. `claude.path` of bus.yaml is left out, for it is the same everywhere. */
export function readSurroundings(files: Files, { env, home }: Machine): Surroundings {
  const claude = findClaude(files, env, undefined);
  return { path: env.PATH ?? '', home, claude: claude.kind === 'found' ? claude.path : null };
}
