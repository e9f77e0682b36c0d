import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseCareRequest } from '../../../lib/core/incident/care.ts';

it('a tick of bus-care may order only what an operator or the ladder decides', () => {
  const order = (change: unknown) => parseCareRequest({ care: 'ordered', incident_id: 'x', change });
  assert.deepEqual(
    ['asked', 'resolved', 'approved', 'ignored', 'heard_again'].map((change) => order(change)),
    ['asked', 'resolved', 'approved', 'ignored', 'heard_again'].map((change) => ({ care: 'ordered', incident_id: 'x', change })),
  );
  assert.deepEqual(['opened', 'occurred', 'recurred', '', 7, undefined].map(order), Array(6).fill(undefined));
});
