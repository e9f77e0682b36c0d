import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { RunRecord } from '../../lib/core/run.ts';
import type { TimerView } from '../../lib/core/slot/timer.ts';
import { shellWord } from '../../lib/core/text/shell-word.ts';
import { CLI } from '../support/owner-cli.ts';
import { tempRoot } from '../support/temp-root.ts';

const SCRIPT = fileURLToPath(new URL('../fixtures/keepers/real-systemd.sh', import.meta.url));
const NONE = 99;

/** A systemd that this machine was started by is left alone. */
const mayTry = process.platform === 'linux' && process.getuid?.() === 0 && !existsSync('/run/systemd/private');

describe('D12 install with a real systemd', () => {
  it('is proved by a real timer, survives a killed owner, looks from the inside, and leaves nothing', (t) => {
    const root = join(tempRoot('cb-systemd-'), 'my "büro" 100% $HOME');
    mkdirSync(join(root, 'cadences'), { recursive: true });
    writeFileSync(join(root, 'cadences', 'five.yaml'), 'run: { command: [echo, hi] }\nschedule: "*/5 * * * *"\n');
    const say = (...words: readonly string[]): string => [...CLI, ...words, '--root', root, '--json'].map(shellWord).join(' ');
    const owner = "systemctl --user list-units --plain --no-legend 'cadence-bus.*owner.service' | cut -d' ' -f1";
    const lines = [
      say('install'),
      `systemctl --user kill -s KILL "$(${owner})"; until ${say('status')} | grep -q '"state":"running"'; do sleep 0.2; done; ${say('install', '--list')}`,
      say('doctor', '--inside'),
      say('uninstall'),
      `ls -R "$HOME/.config/systemd/user"; systemctl --user list-units --all --plain --no-legend 'cadence-bus.*' | wc -l`,
    ];
    const words = ['-m', '--pid', '--fork', '--mount-proc', '--kill-child', 'bash', SCRIPT, ...lines];
    const said = mayTry ? spawnSync('unshare', words, { encoding: 'utf8', timeout: 180_000 }) : undefined;
    if (said === undefined || said.error !== undefined || said.status === NONE || said.stdout === '') {
      t.diagnostic('no systemd can be started here; what it would do is proved by stand-ins in install.test.ts');
      return;
    }
    const answers = said.stdout.trim().split('\n');
    const told = (index: number): string => answers[index]?.split('\t')[1] ?? '';
    const json = <T>(index: number): T => JSON.parse(told(index)) as T;
    assert.deepEqual(
      answers.map((line) => line.split('\t')[0]),
      ['0', '0', '0', '0', '0'],
      said.stdout,
    );
    const { timers, proof } = json<{ timers: TimerView[]; proof: RunRecord }>(0);
    const states = timers.map(({ name, state }) => `${name} ${state}`);
    assert.deepEqual([states, proof.status], [['owner running', 'heartbeat idle', 'five idle'], 'succeeded']);
    assert.notEqual(timers[0]?.pid, json<{ timers: TimerView[] }>(1).timers[0]?.pid, 'systemd has started another owner');
    assert.equal(json<{ scheduler: string }>(2).scheduler, 'systemd');
    assert.ok(json<{ changes: unknown[] }>(3).changes.length > 4);
    assert.match(told(4), /systemd\/user:$/);
  });
});
