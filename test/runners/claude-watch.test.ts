import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { cutLog } from '../../lib/platform/child-log.ts';
import { createFiles } from '../../lib/platform/files.ts';
import { createWatch } from '../../lib/runners/watch.ts';
import { testClock } from '../support/bus.ts';
import { tempRoot } from '../support/temp-root.ts';

describe('the watch over a session', () => {
  it('D28 waits a minute for a first word on stdout; neither stderr nor what its guard said before is one', () => {
    const clock = testClock();
    const root = tempRoot();
    const causes: string[] = [];
    const watch = createWatch({ clock, files: createFiles(), cutLog });
    const add = (name: string): string => {
      const [stdoutPath, stderrPath] = [join(root, `${name}.out`), join(root, `${name}.err`)];
      writeFileSync(stdoutPath, 'the guard\n');
      writeFileSync(stderrPath, '');
      const limits = { timeoutMs: 0, idleTimeoutMs: 0, logCapBytes: 0, firstOutputMs: 60_000, stdoutBefore: 'the guard\n'.length };
      watch.add({ stdoutPath, stderrPath, ...limits, startedMs: clock.nowMs(), onLimit: (cause) => void causes.push(`${name} ${cause}`) });
      return join(root, name);
    };
    const [mute, speaks] = [add('mute'), add('speaks')];
    for (let second = 0; second < 120; second += 1) {
      appendFileSync(`${mute}.err`, 'no stdin data received\n');
      if (second === 50) appendFileSync(`${speaks}.out`, '{"type":"system","subtype":"init"}\n');
      clock.advance(1000);
    }
    assert.deepEqual(causes, ['mute hung_start']);
  });
});
