import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Compares with a file of this folder. `UPDATE_GOLDEN=1` writes it anew, to be reviewed as a diff. */
export function assertGolden(file: string, text: string): void {
  const path = join(import.meta.dirname, file);
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(path, text);
  assert.ok(existsSync(path), `${path} is missing; UPDATE_GOLDEN=1 writes it`);
  assert.equal(text, readFileSync(path, 'utf8'), `it is not what test/golden/${file} says; UPDATE_GOLDEN=1 writes it anew, if that is meant`);
}

/**
 * What stays of an answer when its values are taken away: every key, in its order, and the type of what it holds. Of a
 * list each form is told once. What a program decides on, `ok`, keeps its value.
 */
export function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) {
    const forms = new Map(value.map((one) => [JSON.stringify(shapeOf(one)), shapeOf(one)]));
    return [...forms.values()];
  }
  if (value === null) return 'null';
  if (typeof value !== 'object') return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, key === 'ok' ? held : shapeOf(held)]));
}
