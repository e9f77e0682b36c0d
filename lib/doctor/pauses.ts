import type { Breaker } from '../core/breaker.ts';
import type { Holds } from '../core/holds.ts';
import type { Paths } from '../core/paths.ts';
import { formatDuration } from '../core/time/duration.ts';
import { type Ms, parseIso, toIso } from '../core/time/instant.ts';
import type { Clock, Files } from '../ports.ts';
import { type Check, ok, warn } from './check.ts';
import type { StateFile } from './state-file.ts';
import { listed } from './wording.ts';

export interface PausesDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly files: Pick<Files, 'info' | 'read'>;
  readonly paths: Pick<Paths, 'halt'>;
  readonly holds: () => StateFile<Holds>;
}

interface Pause {
  readonly key: string;
  readonly sinceMs: Ms;
  readonly because: string;
  readonly end: string;
}

/** A pause of an hour is work in progress; a longer one may have been forgotten. A halt is told at once. */
const LONG_MS: Ms = 3_600_000;
const MAX_HALT_BYTES = 64 * 1024;

export function createPausesCheck({ clock, files, paths, holds }: PausesDeps): Check {
  function halt(): readonly Pause[] {
    const info = files.info(paths.halt);
    if (info === undefined) return [];
    const found = files.read(paths.halt, MAX_HALT_BYTES);
    const because = found?.kind === 'text' ? (found.text.split('\n')[0] ?? '') : '';
    return [{ key: 'everything is halted', sinceMs: info.mtimeMs, because, end: 'cadence-bus resume' }];
  }

  function long(pauses: readonly Pause[]): readonly Pause[] {
    return pauses.filter(({ sinceMs }) => clock.nowMs() - sinceMs >= LONG_MS);
  }

  return {
    id: 'pauses',
    title: 'Pauses',
    async inspect() {
      const book = holds();
      const held = book.kind === 'whole' ? [...pausedOf(book.value), ...isolatedOf(book.value)] : [];
      const told = [...halt(), ...long(held)];
      const [first] = told;
      if (first === undefined) return ok(held.length === 0 ? 'nothing is paused' : `paused for less than an hour: ${listed(held.map(({ key }) => key))}`);
      return warn(listed(told.map((pause) => describe(pause, clock.nowMs()))), first.end);
    },
  };
}

function describe({ key, sinceMs, because }: Pause, nowMs: Ms): string {
  return `${key} since ${toIso(sinceMs)} (${formatDuration(nowMs - sinceMs)})${because === '' ? '' : `: ${because}`}`;
}

function pausedOf({ paused }: Holds): readonly Pause[] {
  return Object.entries(paused).map(([key, { since, because }]) => ({
    key: key === 'bus' ? 'the bus is paused' : `${nameOf(key)} is paused`,
    sinceMs: parseIso(since) ?? 0,
    because,
    end: key === 'bus' ? 'cadence-bus resume' : `cadence-bus resume ${nameOf(key)}`,
  }));
}

function isolatedOf({ breakers }: Holds): readonly Pause[] {
  return Object.entries(breakers).flatMap(([key, breaker]: readonly [string, Breaker]) =>
    breaker.state === 'isolated'
      ? [
          {
            key: `${nameOf(key)} is isolated`,
            sinceMs: parseIso(breaker.since) ?? 0,
            because: breaker.because,
            end: `cadence-bus breaker reset ${nameOf(key)}`,
          },
        ]
      : [],
  );
}

/** As the commands take it: a cadence by its name, an account with its kind. */
function nameOf(key: string): string {
  return key.replace(/^cadence:/, '');
}
