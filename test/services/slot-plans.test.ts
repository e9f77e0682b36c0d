import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createDefinitions } from '../../lib/config/definitions.ts';
import { pathsOf } from '../../lib/core/paths.ts';
import { createSlotLedger } from '../../lib/history/slot-ledger.ts';
import { createFiles } from '../../lib/platform/files.ts';
import { createSlotPlans } from '../../lib/services/slot-plans.ts';
import { testClock } from '../support/bus.ts';
import { tempRoot } from '../support/temp-root.ts';

const RUN = "run: {command: ['true']}\n";

/** Plans over real definitions and a real ledger, which say whose plan was asked for. */
function createPlans() {
  const paths = pathsOf(tempRoot('cb-plans-'));
  mkdirSync(paths.cadences);
  const put = (name: string, lines: string): string => {
    const path = join(paths.cadences, name);
    writeFileSync(path, lines);
    return path;
  };
  for (const name of ['one', 'two', 'three']) put(`${name}.yaml`, `${RUN}schedule: hourly :00\n`);
  const clock = testClock(Date.parse('2026-11-20T06:30:00Z'));
  const files = createFiles();
  const definitions = createDefinitions({ files, paths, home: '/home/somebody' });
  const ledger = createSlotLedger({ files, clock, paths });
  const looked: string[] = [];
  const time = { zone: 'UTC' };
  const plans = createSlotPlans({
    clock,
    uptime: { timezone: () => time.zone },
    ledger: {
      ...ledger,
      cursor(name) {
        looked.push(name);
        return ledger.cursor(name);
      },
      // Only what the look at definitions asks for is counted.
      cadences: () => [],
    },
    journal: { emit: () => undefined },
    definitions,
    machine: 'here',
    editedMs: () => undefined,
    onEntry: () => undefined,
    settle: async () => [],
  });
  return {
    put,
    time,
    plans,
    definitions,
    /** Who was looked at, and what became of it; `isTaken`: the disk took the lines. */
    async look(isTaken = true): Promise<{ readonly looked: readonly string[]; readonly planned: readonly string[] }> {
      looked.length = 0;
      const { lines, names } = await plans.changes(false);
      const seen = [...new Set(looked)].sort();
      if (isTaken) {
        ledger.append(lines);
        plans.adopt(names);
      } else plans.markChanged();
      return { looked: seen, planned: lines.flatMap((line) => (line.kind === 'plan' ? [line.cadence] : [])) };
    },
  };
}

describe('the plans of many cadences', () => {
  it('are looked at once, and then only those of definitions that were edited', async () => {
    const { put, plans, definitions, look } = createPlans();
    assert.deepEqual((await look()).looked, ['one', 'three', 'two']);
    plans.markChanged();
    assert.deepEqual(await look(), { looked: [], planned: [] });
    definitions.reload(put('two.yaml', `${RUN}schedule: hourly :30\n`));
    plans.markChanged();
    assert.deepEqual(await look(), { looked: ['two'], planned: ['two'] });
  });

  it('are looked at again where the disk refused what they say', async () => {
    const { put, plans, definitions, look } = createPlans();
    await look();
    definitions.reload(put('two.yaml', `${RUN}schedule: hourly :30\n`));
    plans.markChanged();
    assert.deepEqual((await look(false)).planned, ['two']);
    assert.deepEqual(await look(), { looked: ['two'], planned: ['two'] });
  });

  it('are all looked at again when the machine is in another zone, and when others are to fire', async () => {
    const { put, time, plans, definitions, look } = createPlans();
    await look();
    time.zone = 'Asia/Tokyo';
    assert.deepEqual((await look()).planned.toSorted(), ['one', 'three', 'two']);
    definitions.reload(put('bus.yaml', 'scheduler: systemd\n'));
    plans.markChanged();
    assert.deepEqual((await look()).planned.toSorted(), ['one', 'three', 'two']);
  });

  it('are not forgotten when a definition is edited while others are decided on', async () => {
    const { put, plans, definitions, look } = createPlans();
    await look();
    definitions.reload(put('one.yaml', `${RUN}schedule: hourly :10\n`));
    plans.markChanged();
    const deciding = look();
    definitions.reload(put('two.yaml', `${RUN}schedule: hourly :20\n`));
    plans.markChanged();
    assert.deepEqual((await deciding).planned, ['one']);
    assert.deepEqual((await look()).planned, ['two']);
  });
});
