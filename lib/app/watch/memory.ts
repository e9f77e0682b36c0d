import type { Paths } from '../../core/paths.ts';
import { parseJson } from '../../core/text/json-text.ts';
import type { Ms } from '../../core/time/instant.ts';
import type { WatchMemory } from '../../core/watch/memory.ts';
import { reloadsInVain } from '../../core/watch/reload-trace.ts';
import type { Files } from '../../ports.ts';
import { parseWatchMemory } from '../../wire/heartbeat.ts';

interface From {
  readonly files: Pick<Files, 'read'>;
  readonly paths: Pick<Paths, 'heartbeat'>;
}

const MOST_BYTES = 1024 * 1024;

/** Changes nothing, not even what is broken. */
export function readWatchMemory({ files, paths }: From): WatchMemory | undefined {
  const found = files.read(paths.heartbeat, MOST_BYTES);
  return found?.kind === 'text' ? parseWatchMemory(parseJson(found.text)) : undefined;
}

/** By cadence; 0 where nothing is known. */
export function readReloadsInVain(from: From, nowMs: Ms): { readonly names: readonly string[]; readonly of: (cadence: string) => number } {
  const counted = reloadsInVain(readWatchMemory(from)?.reload_history, nowMs);
  return { names: [...counted.keys()], of: (cadence) => counted.get(cadence) ?? 0 };
}
