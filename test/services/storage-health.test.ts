import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createStorageHealth, type Place } from '../../lib/services/storage-health.ts';

describe('the health of the disk', () => {
  it('A53 tells a fault once however often it is met, and its end once, when the last place is well', () => {
    const told: string[] = [];
    const health = createStorageHealth({ journal: { emit: ({ stage, because }) => void told.push(`${stage} ${because ?? ''}`.trim()) } });
    for (let n = 0; n < 100; n += 1) health.failed('holds', `ENOSPC ${n}`);
    assert.deepEqual(told, ['storage_failed ENOSPC 0']);
    assert.equal(health.fault(), 'ENOSPC 99', 'why nothing is started is the latest');
    health.failed('runs', 'EIO');
    health.well('holds');
    assert.deepEqual([told.slice(1), health.fault()], [['storage_failed EIO'], 'EIO']);
    health.well('runs');
    health.well('runs');
    assert.deepEqual([told.slice(2), health.fault()], [['storage_healed'], undefined]);
  });

  it('A53 holds nothing for a fault in the folders of ticks, for trying again is how its end is seen', () => {
    const health = createStorageHealth({ journal: { emit: () => undefined } });
    const holding = (['runs', 'holds', 'purse', 'ticks', 'slots', 'room'] satisfies readonly Place[]).filter((place) => {
      health.failed(place, place);
      const isHeld = health.fault() === place;
      health.well(place);
      return isHeld;
    });
    assert.deepEqual(holding, ['runs', 'holds', 'room']);
  });
});
