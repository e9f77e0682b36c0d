import type { Paths } from '../../core/paths.ts';
import { parseJson } from '../../core/text/json-text.ts';
import type { Ms } from '../../core/time/instant.ts';
import { parseIso } from '../../core/time/instant.ts';
import type { Files } from '../../ports.ts';

/** What every reader may know of the watchman's last round. The watchman himself reads it whole. */
export interface LastRound {
  readonly at: string;
  readonly ok: boolean;
  readonly because: string;
  readonly enabled: boolean;
  readonly interval_ms: Ms;
}

const MOST_BYTES = 1024 * 1024;

/** As far as it can be understood, without loading a schema: whoever calls has no time for one. */
export function readLastRound(files: Pick<Files, 'read'>, paths: Pick<Paths, 'heartbeat'>): LastRound | undefined {
  const found = files.read(paths.heartbeat, MOST_BYTES);
  if (found?.kind !== 'text') return undefined;
  const { at, ok, because, enabled, interval_ms } = (parseJson(found.text) ?? {}) as Readonly<Record<string, unknown>>;
  const isWhole = parseIso(at) !== undefined && typeof ok === 'boolean' && typeof because === 'string' && typeof interval_ms === 'number';
  return isWhole ? { at: at as string, ok, because, enabled: enabled !== false, interval_ms } : undefined;
}

/** He should have been here, and again. A clock that was set back makes nobody late. */
export function isOverdue({ at, enabled, interval_ms }: LastRound, nowMs: Ms): boolean {
  return enabled && nowMs - (parseIso(at) ?? 0) > 2 * interval_ms;
}
