import type { Ms } from '../core/time/instant.ts';

/** As `performance.now()`: never backwards, and still while the machine sleeps. That one loads a part of Node first, which `status` would wait for. */
export function awakeMs(): Ms {
  return Number(process.hrtime.bigint()) / 1e6;
}
