import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createIds } from '../../lib/platform/ids.ts';
import { labelOf, nameOfLabel, stemOf, timerLabel } from '../../lib/schedules/label.ts';

const stem = (root: string): string => stemOf(root, createIds().keyed('root', root));

describe('M30 labels of jobs', () => {
  it('are the same at every install, and others for every root', () => {
    assert.equal(stem('/home/ada/writer'), stem('/home/ada/writer'));
    assert.match(stem('/home/ada/writer'), /^cadence-bus\.writer-[a-z0-9]{8}$/);
    assert.notEqual(stem('/home/ada/writer'), stem('/home/bob/writer'));
    assert.match(stem('/srv/Zoë Müller’s "Büro" 100%'), /^cadence-bus\.zoe-muller-s-buro-100-[a-z0-9]{8}$/);
    assert.match(stem('/srv/日本'), /^cadence-bus\.[a-z0-9]{8}$/);
  });

  it('hold nothing but letters, digits, dots and dashes, whatever the root is called', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (name) => assert.match(stem(`/srv/${name}`), /^cadence-bus\.[a-z0-9-]{8,40}$/)));
  });

  it('are read back, and those of another root, or of a cadence with a name like ours, are not mixed up', () => {
    const own = stem('/home/ada/writer');
    assert.deepEqual(nameOfLabel(own, labelOf(own, 'owner')), { role: 'owner', name: 'owner' });
    assert.deepEqual(nameOfLabel(own, timerLabel(own, 'owner')), { role: 'timer', name: 'owner' });
    assert.equal(nameOfLabel(own, labelOf(stem('/home/bob/writer'), 'owner')), undefined);
    assert.equal(nameOfLabel(own, `${own}.other`), undefined);
  });
});
