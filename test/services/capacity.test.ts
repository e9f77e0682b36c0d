import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Cadence } from '../../lib/core/cadence.ts';
import { type Capacity, createCapacity } from '../../lib/services/capacity.ts';

const cadence = (name: string, about: Partial<Cadence> = {}): Cadence => ({ name, lane: 'command', ...about }) as Cadence;
const ticks: Readonly<Record<string, string>> = { t1: 'inner', t2: 'second', t3: 'deep' };
const create = (size = 1): Capacity => createCapacity({ laneSize: () => size, cadenceOf: (tick) => ticks[tick] });
const always = (): boolean => true;

describe('who waits lends its places to whom it waits for', () => {
  it('its place in the lane keeps all others out, but not the cadence of the tick', () => {
    const capacity = create();
    capacity.enter('outer-1', cadence('outer'));
    assert.equal(capacity.laneFull(cadence('inner')), 'command');
    capacity.lend({ by: 'outer-1', tick: 't1', isOpen: always });

    assert.equal(capacity.laneFull(cadence('inner')), undefined);
    assert.equal(capacity.laneFull(cadence('other')), 'command');
    assert.deepEqual([capacity.isAwaited('inner'), capacity.isAwaited('other')], [true, false]);
  });

  it('one place is one place: of two that are waited for, the second waits for the first', () => {
    const capacity = create();
    capacity.enter('outer-1', cadence('outer'));
    capacity.lend({ by: 'outer-1', tick: 't1', isOpen: always });
    capacity.lend({ by: 'outer-1', tick: 't2', isOpen: always });

    capacity.enter('t1-1', cadence('inner'));
    assert.equal(capacity.laneFull(cadence('second')), 'command');
    capacity.leave('t1-1');
    assert.equal(capacity.laneFull(cadence('second')), undefined);
  });

  it('to any depth: of those that wait none is counted', () => {
    const capacity = create();
    capacity.enter('outer-1', cadence('outer'));
    capacity.lend({ by: 'outer-1', tick: 't1', isOpen: always });
    capacity.enter('t1-1', cadence('inner'));
    capacity.lend({ by: 't1-1', tick: 't3', isOpen: always });

    assert.equal(capacity.laneFull(cadence('deep')), undefined);
  });

  it('its workspace, too, unless another is in it', () => {
    const capacity = create(9);
    capacity.enter('outer-1', cadence('outer', { workspace: '/w' }));
    assert.equal(capacity.workspaceTaken(cadence('inner', { workspace: '/w' })), '/w');
    capacity.lend({ by: 'outer-1', tick: 't1', isOpen: always });

    assert.equal(capacity.workspaceTaken(cadence('inner', { workspace: '/w' })), undefined);
    assert.equal(capacity.workspaceTaken(cadence('other', { workspace: '/w' })), '/w');
    capacity.enter('t1-1', cadence('inner', { workspace: '/w' }));
    assert.equal(capacity.workspaceTaken(cadence('inner', { workspace: '/w' })), '/w');
  });

  it('only while it waits, and while it runs', () => {
    const capacity = create();
    let isOpen = true;
    capacity.lend({ by: 'nobody-1', tick: 't1', isOpen: always });
    capacity.enter('other-1', cadence('other'));
    assert.equal(capacity.laneFull(cadence('inner')), 'command', 'it is none of our runs');

    capacity.leave('other-1');
    capacity.enter('outer-1', cadence('outer'));
    capacity.lend({ by: 'outer-1', tick: 't1', isOpen: () => isOpen });
    isOpen = false;
    assert.equal(capacity.laneFull(cadence('inner')), 'command');
    assert.deepEqual(capacity.waits(), []);
  });
});
