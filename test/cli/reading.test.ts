import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { createReading } from '../../lib/app/reading.ts';
import { createFiles } from '../../lib/platform/files.ts';
import { tempRoot } from '../support/temp-root.ts';

const TICK = '20261120T070000000Z.backup.x7k2p9qd4mzt.0.json';
const LATER = '20261120T080000000Z.backup.a7k2p9qd4mzt.0.json';

for (const isOfOneMoment of [false, true])
  it(`the drop zone is looked at ${isOfOneMoment ? 'once, and every part of an answer tells of the same' : 'whenever it is asked for'}`, () => {
    const root = tempRoot();
    const inbox = join(root, 'state/cadence-bus/inbox');
    mkdirSync(inbox, { recursive: true });
    for (const name of [TICK, 'morning.json', '.hidden']) writeFileSync(join(inbox, name), '{}\n');
    const files = createFiles();
    let looks = 0;
    const list: typeof files.list = (dir) => {
      if (dir === inbox) looks += 1;
      return files.list(dir);
    };
    const reading = createReading(root, { ...files, list }, { isOfOneMoment });
    const seen = (): readonly unknown[] => [reading.names('inbox').length, reading.foreign()];
    assert.deepEqual(seen(), [1, ['morning.json']]);
    for (const name of [LATER, 'evening.json']) writeFileSync(join(inbox, name), '{}\n');
    const [ticks, foreign] = seen() as [number, string[]];
    assert.deepEqual([ticks, foreign.toSorted()], isOfOneMoment ? [1, ['morning.json']] : [2, ['evening.json', 'morning.json']]);
    assert.equal(looks, isOfOneMoment ? 1 : 4);
  });
