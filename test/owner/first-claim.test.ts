import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { type Owner, startOwner } from '../../lib/app/owner/owner.ts';
import { realPorts } from '../../lib/app/owner/ports.ts';
import { eventually } from '../support/eventually.ts';
import { hookedFiles } from '../support/hooked-files.ts';
import { createYard } from './owner-yard.ts';

describe('an owner that comes to a long backlog', () => {
  it('opens a hundred of its files at most before the first claim, and tidies nothing before the first run has begun', async () => {
    const yard = createYard();
    yard.inline('job', 'globalThis.firstRunHasBegun = true;', 'overlap: queue');
    yard.inline('timed', 'return undefined;', 'schedule: hourly :00');
    yard.put('state/cadence-bus/inbox/.keep', '');
    for (let n = 0; n < 2_000; n += 1) writeFileSync(`${yard.paths.inbox}/job.1-${n}.json`, '{"cadence":"job","source":"sh"}\n');
    const files = hookedFiles();
    let opened = 0;
    let isClaimed = false;
    const tidied: boolean[] = [];
    const hasBegun = (): boolean => 'firstRunHasBegun' in globalThis;
    // On a machine that gives us no turn the first moment would be over before anything has begun.
    const { clock, ...ports } = realPorts();
    const startMs = clock.nowMs();
    const patient = { ...clock, nowMs: () => (hasBegun() ? clock.nowMs() : startMs) };
    files.before = (call, path) => {
      if (call === 'list' && path === yard.paths.tmp) tidied.push(hasBegun());
      isClaimed ||= call === 'rename' && path.startsWith(yard.paths.inbox);
      if (!isClaimed && call === 'read' && path.startsWith(`${yard.paths.inbox}/`)) opened += 1;
    };
    const owner: Owner = await startOwner({ root: yard.root, ports: { ...ports, clock: patient, files } });
    try {
      await eventually('something runs, and all is tidied', () => isClaimed && tidied.length > 0);
    } finally {
      await owner.stop('the test is over');
    }
    assert.ok(tidied[0], 'the folders were tidied while the first run had yet to begin');
    assert.ok(opened > 0 && opened <= 100, `${opened} opened`);
  });
});
