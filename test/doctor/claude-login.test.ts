import assert from 'node:assert/strict';
import { utimesSync } from 'node:fs';
import { describe, it } from 'node:test';
import { examine } from '../../lib/app/doctor/doctor.ts';
import { readAuthStatus } from '../../lib/core/agent/auth-status.ts';
import { createClaudeLoginCheck } from '../../lib/doctor/claude-login.ts';
import { cadenceOf, holdsWith, NO_ENV, yard } from './yard.ts';

const CLAUDE = { kind: 'claude', promptPath: '/p.md', args: [], cwd: '/', env: NO_ENV } as const;
const NOW = Date.UTC(2026, 10, 20, 8);
const DAY = 86_400_000;

const inspect = (answer: object | undefined, accounts: readonly string[] = ['claude', 'claude'], refused?: string) =>
  createClaudeLoginCheck({
    clock: { nowMs: () => NOW },
    isThere: () => true,
    cadences: () => accounts.map((account, index) => cadenceOf(`agent-${index}`, CLAUDE, { account })),
    ask: async () => (answer === undefined ? undefined : readAuthStatus(JSON.stringify(answer))),
    refused: () => refused,
  }).inspect();

describe('the check of the login', () => {
  it('is well without a cadence that needs one, with a claude that does not tell, and with a login', async () => {
    assert.equal((await inspect({ loggedIn: false }, [])).level, 'ok');
    assert.equal((await inspect(undefined)).level, 'ok');
    assert.deepEqual(await inspect({ loggedIn: true, authMethod: 'oauth_token', loginExpiresAt: NOW + 8 * DAY }), {
      level: 'ok',
      detail: 'account claude is logged in (oauth_token) until 2026-11-28T08:00:00.000Z',
    });
  });

  it('warns where there is none, of one that has expired, and of one that soon will, each account once', async () => {
    for (const [answer, words] of [
      [{ loggedIn: false }, /^account claude has no login here; the owner's environment may differ$/],
      [{ loggedIn: true, loginExpiresAt: NOW }, /^the login of account claude has expired at 2026-11-20T08:00:00\.000Z$/],
      [{ loggedIn: true, loginExpiresAt: NOW + 7 * DAY }, /^the login of account claude expires in 7d, at 2026-11-27T08:00:00\.000Z$/],
    ] as const) {
      const { level, detail, mend } = await inspect(answer);
      assert.deepEqual([level, mend], ['warn', 'claude setup-token']);
      assert.match(detail, words);
    }
  });

  it('warns of one that is there and was refused, for only the API knows', async () => {
    const { level, detail, mend } = await inspect({ loggedIn: true, authMethod: 'api_key' }, ['claude'], 'invalid x-api-key');
    assert.deepEqual([level, mend], ['warn', 'claude setup-token']);
    assert.equal(detail, 'account claude is logged in (api_key), and was refused: invalid x-api-key');
  });
});

it('doctor says nothing of a login where there is no claude, for it says that', async () => {
  const { root, put } = yard();
  put(`${root}/cadences/agent.md`, 'Look around.');
  put(`${root}/cadences/bus.yaml`, 'claude: { path: /no/such/claude }');
  const { checks } = await examine(root, false);
  assert.equal(checks.find(({ id }) => id === 'claude')?.level, 'fail');
  assert.equal(
    checks.find(({ id }) => id === 'claude-login'),
    undefined,
  );
});

describe('the check of the clock', () => {
  it('warns of a state file from the future', async () => {
    const { root, paths, put } = yard();
    put(paths.holds, holdsWith({}));
    const levelOf = async () => (await examine(root, false)).checks.find(({ id }) => id === 'wall-clock')?.level;
    assert.equal(await levelOf(), 'ok');
    const later = new Date(Date.now() + DAY);
    utimesSync(paths.holds, later, later);
    assert.equal(await levelOf(), 'warn');
  });
});
