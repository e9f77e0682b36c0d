import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

const LIMIT_MS = 90_000;
const BETWEEN_MS = 5;

/**
 * Waits until `look` answers something true, and hands that back. The limit is far beyond what any machine needs: it
 * only turns a hang into a failure, and no test depends on how long it takes.
 */
export async function eventually<T>(what: string, look: () => T | Promise<T>, limitMs = LIMIT_MS): Promise<NonNullable<T>> {
  const until = performance.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (seen) return seen as NonNullable<T>;
    assert.ok(performance.now() < until, `never came true: ${what}`);
    await pause(BETWEEN_MS);
  }
}
