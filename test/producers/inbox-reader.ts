import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseTickName } from '../../lib/core/tick.ts';
import { tempRoot } from '../support/temp-root.ts';

export interface FoundTick {
  readonly path: string;
  readonly tick: Readonly<Record<string, unknown>>;
}

/** An agent root with nothing in it; `uid` is who may write there. */
export function emptyRoot(uid?: number): string {
  const root = tempRoot();
  mkdirSync(join(root, 'cadences'));
  if (uid !== undefined) {
    for (const folder of [root, join(root, 'cadences')]) chownSync(folder, uid, uid);
    chmodSync(root, 0o755);
  }
  return root;
}

export function inboxOf(root: string): string {
  return join(root, 'state/cadence-bus/inbox');
}

export function filesIn(folder: string): readonly string[] {
  return statSync(folder, { throwIfNoEntry: false }) === undefined ? [] : readdirSync(folder).sort();
}

/** Whole is what ends in a newline; everything else is known to be unfinished. */
export function isWhole(path: string): boolean {
  return readFileSync(path).at(-1) === 0x0a;
}

/** Every tick of a folder, read as the owner reads it; what is not whole, not JSON or not named as agreed is a failure. */
export function readTicks(folder: string): readonly FoundTick[] {
  return filesIn(folder).flatMap((file) => readFileOfTicks(join(folder, file), file));
}

function readFileOfTicks(path: string, file: string): readonly FoundTick[] {
  assert.ok(isWhole(path), `${file} is not whole`);
  const lines = readFileSync(path, 'utf8').slice(0, -1).split('\n');
  const ticks = lines.map((line) => ({ path, tick: JSON.parse(line) as Record<string, unknown> }));
  if (file.endsWith('.ndjson')) {
    assert.match(file, /^[a-z0-9]{12}\.ndjson$/);
    for (const { tick } of ticks) assert.match(String(tick.id), /^[a-z0-9]{12}$/);
    return ticks;
  }
  assert.equal(lines.length, 1, `${file} has more than one line`);
  const cadence = String(ticks[0]?.tick.cadence);
  const canonical = parseTickName(file);
  if (canonical === undefined) assert.match(file, new RegExp(`^${cadence}(\\.\\d+-\\d+)?\\.json$`));
  else assert.equal(canonical.cadence, cadence);
  return ticks;
}
