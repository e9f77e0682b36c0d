import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { apiServer, status } from '../notify/api-server.ts';
import { createDesk } from '../support/cli.ts';

interface Hook {
  readonly name: string;
  readonly ok: boolean;
  readonly status: string;
  readonly attempts: number;
  readonly error?: string;
}

const server = await apiServer();
process.env.CB_TEST_HOOK_URL = `${server.url}/hook/very-secret-path`;

describe('hooks and notices of a run', () => {
  const desk = createDesk();
  const lines = (path: string): readonly string[] =>
    existsSync(`${desk.root}/${path}`) ? readFileSync(`${desk.root}/${path}`, 'utf8').trim().split('\n') : [];

  it('D6 D7 D8 run as commands of their own, told by CADENCE_* and DOCKET_* of the run that set them off', async () => {
    desk.shell(
      'backup',
      'echo "no route to $HOME"; exit 3',
      'retry: { attempts: 1 }',
      'on_success: echo never >> told',
      `on_failure: 'env | grep -E "^(CADENCE|DOCKET)_" | sort > env.txt; cat > stdin.json'`,
      'on_complete: ["echo one >> told", { command: [sh, -c, "echo $0 >> told", "two and $HOME"] }]',
    );
    const { code, said } = await desk.ask('run', 'backup');
    assert.equal(code, 1);
    assert.deepEqual(
      (said.hooks as readonly Hook[]).map(({ name, ok, status: word, attempts }) => [name, ok, word, attempts]),
      [
        ['on_failure[0]', true, 'succeeded', 1],
        ['on_complete[0]', true, 'succeeded', 1],
        ['on_complete[1]', true, 'succeeded', 1],
      ],
    );
    assert.deepEqual([...lines('told')].sort(), ['one', 'two and $HOME']);
    const env = Object.fromEntries(lines('env.txt').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
    for (const prefix of ['CADENCE', 'DOCKET']) {
      assert.equal(env[`${prefix}_RUN_ID`], said.run_id);
      assert.equal(env[`${prefix}_STATUS`], 'failed');
      assert.equal(env[`${prefix}_EXIT_CODE`], '3');
      assert.match(env[`${prefix}_SUMMARY`] ?? '', /^exit 3: no route to \//);
      assert.equal(env[`${prefix}_DETAILS_JSON`], '{}');
      assert.equal(env[`${prefix}_LOG_PATH`], said.stdout_path);
    }
    assert.deepEqual([env.CADENCE_NAME, env.DOCKET_TASK_NAME], ['backup', 'backup']);
    assert.equal(JSON.parse(readFileSync(`${desk.root}/stdin.json`, 'utf8')).run_id, said.run_id);
  });

  it('D6 a hook that fails changes nothing of the run, is tried again, and is said', async () => {
    desk.shell('well', 'echo fine', 'on_success: echo broken >&2; exit 9');
    const { code, said } = await desk.ask('run', 'well');
    assert.deepEqual([code, said.ok, said.status], [0, true, 'succeeded']);
    const [hook] = said.hooks as readonly Hook[];
    assert.deepEqual([hook?.name, hook?.ok], ['on_success[0]', false]);
    assert.match(hook?.error ?? '', /exit 9: broken/);
    const again = await desk.ask('show', String(said.run_id));
    assert.equal((again.said.hooks as readonly Hook[])[0]?.name, 'on_success[0]');
  });

  it('D9 P9 P10 tells a failure, then one recovery, and success to nobody', async () => {
    server.seen.length = 0;
    desk.put('cadences/bus.yaml', 'notify: { after: 1, webhook: { url_env: CB_TEST_HOOK_URL } }\n');
    desk.shell('flaky', 'test -e good', 'retry: { attempts: 1 }');
    const failed = await desk.ask('run', 'flaky');
    assert.deepEqual(failed.said.hooks, [{ name: 'notify:webhook', ok: true, status: 'delivered', attempts: 1 }]);
    desk.put('good', '');
    await desk.ask('breaker', 'reset', '--all');
    const recovered = await desk.ask('run', 'flaky');
    assert.deepEqual(
      (recovered.said.hooks as readonly Hook[]).map(({ ok }) => ok),
      [true],
    );
    assert.equal((await desk.ask('run', 'flaky')).said.hooks, undefined);
    assert.deepEqual(
      server.seen.map(({ path, body }) => [path, body.kind, body.text]),
      [
        ['/hook/very-secret-path', 'failure', `flaky failed: exit 1 (${failed.said.run_id})`],
        ['/hook/very-secret-path', 'recovery', `flaky recovered: it ended well (${recovered.said.run_id})`],
      ],
    );
    assert.doesNotMatch(JSON.stringify(desk.tree()), /very-secret-path/, 'no file of the root holds the secret');
  });

  it('D9 a sink that is down leaves the notice pending, and the run as it is', async () => {
    server.answer(status(503, 'down'));
    desk.put('good', '');
    desk.shell('quiet', 'exit 0', 'notify: { on: [complete], message: "{task} is {status}" }');
    const { code, said } = await desk.ask('run', 'quiet');
    assert.equal(code, 0);
    const [hook] = said.hooks as readonly Hook[];
    assert.deepEqual([hook?.name, hook?.ok, hook?.status], ['notify:webhook', false, 'pending']);
    assert.match(hook?.error ?? '', /HTTP 503: down/);
    server.answer(status(204));
  });

  it('a secret in a file, a word that no message has, and a sink without an address are errors that say so', async () => {
    desk.put('cadences/bus.yaml', '{}\n');
    const problems = async (...text: readonly string[]): Promise<string> => {
      desk.shell('wrong', 'true', ...text);
      const { code, said } = await desk.ask('check', 'wrong');
      assert.equal(code, 78);
      return JSON.stringify(said.problems);
    };
    assert.match(
      await problems('notify: { discord: { webhook_url: "https://discord.com/api/webhooks/1/x" } }'),
      /a secret has no place in a file.*webhook_url_env/,
    );
    assert.match(await problems('notify: { discord: { webhook_url_env: "https://discord.com/api/webhooks/1/x" } }'), /never the address of the webhook itself/);
    assert.match(await problems('notify: { webhook: { url: "https://hooks.slack.com/services/T/B/x" } }'), /without a secret in it/);
    assert.match(await problems('notify: { webhook: {} }'), /a map with url or url_env/);
    assert.match(await problems('notify: { slack: { token_env: A } }'), /token_env and channel/);
    assert.match(await problems('notify: { message: "{nobody}" }'), /no other words in braces/);
    assert.match(await problems('notify: { on: [sucess] }'), /Did you mean/);
    assert.match(await problems('on_failure: [{ restart: true, pause: true }]'), /only one of them/);
    assert.match(await problems('on_success: 5'), /a line for/);
  });

  it('the program’s own cadences are listed when asked for, and shown by status only where somebody should look', async () => {
    const names = async (...words: readonly string[]): Promise<readonly string[]> =>
      ((await desk.ask(...words)).said.cadences as readonly { name: string }[]).map(({ name }) => name);
    assert.ok(!(await names('list')).some((name) => name.startsWith('bus-')));
    const all = await names('list', '--all');
    for (const own of ['bus-control', 'bus-hook-backup', 'bus-notify-webhook-cb-test-hook-url']) assert.ok(all.includes(own), `${own} is not in ${all}`);
    assert.ok(!(await names('status')).includes('bus-hook-backup'));
    assert.ok((await names('status')).includes('bus-hook-well'), 'its hook failed');
  });
});
