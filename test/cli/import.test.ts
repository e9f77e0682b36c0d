import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readPlist } from '../../lib/wire/foreign/plist.ts';
import { readYaml } from '../../lib/wire/yaml-source.ts';
import { call, createDesk, type Desk, errorOf } from '../support/cli.ts';

interface Imported {
  readonly cadences: readonly {
    readonly name: string;
    readonly origin: string;
    readonly lost: readonly { readonly key: string; readonly because: string }[];
  }[];
  readonly skipped: readonly { readonly origin: string; readonly because: string }[];
  readonly lost: readonly { readonly key: string; readonly because: string }[];
}

async function imported(desk: Desk, kind: string, text: string, ...words: readonly string[]): Promise<Imported & { readonly code: number }> {
  const { code, said } = await desk.ask('import', kind, desk.put(`from.${kind}`, text), ...words);
  return { ...(said as unknown as Imported), code };
}

function definition(desk: Desk, name: string): unknown {
  return readYaml(readFileSync(join(desk.paths.cadences, `${name}.yaml`), 'utf8')).value;
}

const CRONTAB = `MAILTO=me@example.test
PATH="/usr/bin:/bin"
# nightly backup
0 2 * * * /bin/echo backup --full
*/5 * * * * cd /tmp && ./sync.sh >> log 2>&1
@daily /bin/echo 50\\% of %stdin
@reboot /bin/echo boot
what is this
`;

describe('import of a crontab', () => {
  it('P33 keeps lines, times, variables and comments, and says what it cannot keep', async () => {
    const desk = createDesk();
    const { code, cadences, skipped, lost } = await imported(desk, 'crontab', CRONTAB);
    assert.deepEqual([code, cadences.map(({ name }) => name), skipped], [0, ['echo', 'sync', 'echo-2'], []]);
    const env = { PATH: '/usr/bin:/bin' };
    const rest = { timeout: 0, idle_timeout: 0, retry: { attempts: 1 } };
    assert.deepEqual(definition(desk, 'echo'), {
      description: 'nightly backup',
      run: { command: ['/bin/echo', 'backup', '--full'], cwd: '~', env },
      schedule: '0 2 * * *',
      ...rest,
      workspace: './echo',
    });
    assert.deepEqual(definition(desk, 'sync'), {
      run: { command: 'cd /tmp && ./sync.sh >> log 2>&1', shell: true, cwd: '~', env },
      schedule: '*/5 * * * *',
      ...rest,
      workspace: './sync',
    });
    assert.deepEqual((definition(desk, 'echo-2') as { run: { command: string[] } }).run.command, ['/bin/echo', '50%', 'of']);
    assert.deepEqual(
      lost.map(({ key }) => key),
      ['line 1, MAILTO', 'line 7', 'line 8'],
    );
    assert.equal((await desk.ask('check')).said.ok, true);
    assert.equal((await desk.ask('run', 'echo')).said.summary, 'backup --full');
  });

  it('takes HOME for the folder, CRON_TZ and nothing else for the time, and no variable for what it is not', async () => {
    const desk = createDesk();
    const home = desk.root;
    const lines = `HOME=${home}\nTZ=Asia/Tokyo\ntimezone=x\n1 1 * * * /bin/pwd\nCRON_TZ=Europe/Vienna\n1 1 * * * /bin/date\n`;
    assert.deepEqual((await imported(desk, 'crontab', lines)).skipped, []);
    const env = { HOME: home, TZ: 'Asia/Tokyo', timezone: 'x' };
    const rest = { schedule: '1 1 * * *', timeout: 0, idle_timeout: 0, retry: { attempts: 1 } };
    assert.deepEqual(definition(desk, 'pwd'), { run: { command: ['/bin/pwd'], cwd: home, env }, ...rest, workspace: './pwd' });
    const zoned = { ...rest, timezone: 'Europe/Vienna', workspace: './date' };
    assert.deepEqual(definition(desk, 'date'), { run: { command: ['/bin/date'], cwd: home, env }, ...zoned });
    assert.equal((await desk.ask('run', 'pwd')).said.summary, home);
  });

  it('leaves lines that call the bus where they are, for a run that waits for a run may wait for ever; and lines of the system', async () => {
    const ours = [
      'cadence-bus exec --name backup -- ./backup.sh',
      'cd ~/vault && /usr/bin/cadence-bus run x',
      'npx cadence-bus heartbeat',
      '/opt/cb/bin/enqueue x',
    ];
    const lines = [...ours, 'root cd / && run-parts /etc/cron.hourly', '/bin/echo cadence-bus'].map((line) => `0 2 * * * ${line}\n`);
    const { cadences, skipped } = await imported(createDesk(), 'crontab', lines.join(''));
    assert.deepEqual(
      cadences.map(({ name }) => name),
      ['echo'],
    );
    assert.deepEqual(
      skipped.map(({ because }) => because.replace(/:.*/, '')),
      [...ours.map(() => 'it calls cadence-bus already'), 'root is no program'],
    );
  });

  it('gives what may not be called after its program a number, and looks behind the variables of a line', async () => {
    const lines = '0 1 * * * /opt/bus.sh | cat\n0 2 * * * /opt/bus-sync.sh | cat\n0 3 * * * A=1 B=2 /opt/report.sh > /dev/null\n';
    const { code, cadences, skipped } = await imported(createDesk(), 'crontab', lines);
    assert.deepEqual([code, cadences.map(({ name }) => name), skipped], [0, ['task-1', 'sync', 'report'], []]);
  });

  it('hands each variable over as it stands, a lone $ too, and leaves what only a shell can do to a shell', async () => {
    const desk = createDesk();
    const script = desk.put('dot.sh', 'echo "dotted $PASS"');
    const lines = ['PASS=a$b$$c$', `1 1 * * * . ${script}`, '2 1 * * * exec /bin/echo "$PASS"', '3 1 * * * cd /tmp', '4 1 * * * ! false'];
    const { cadences, skipped } = await imported(desk, 'crontab', `${lines.join('\n')}\n`);
    assert.deepEqual([cadences.map(({ name }) => name), skipped], [['task-1', 'echo', 'cd', 'task-4'], []]);
    assert.equal((await desk.ask('run', 'task-1')).said.summary, 'dotted a$b$$c$');
    assert.equal((await desk.ask('run', 'echo')).said.summary, 'a$b$$c$');
    for (const name of ['cd', 'task-4']) assert.equal((await desk.ask('run', name)).code, 0, name);
    const again = await imported(desk, 'crontab', '0 5 * * * exec cadence-bus run x\n0 6 * * * cd / && A=1 exec cadence-bus run x\n');
    assert.deepEqual([again.cadences, again.skipped.length], [[], 2]);
  });

  it('ends a line where cron ends it: at a % that no backslash guards, and a guarded backslash guards nothing', async () => {
    const desk = createDesk();
    const { cadences } = await imported(desk, 'crontab', "1 1 * * * /bin/echo 'a\\%b' c\\\\%d\n");
    assert.deepEqual(
      cadences.map(({ lost }) => lost.map(({ key }) => key)),
      [['line 1, %']],
    );
    assert.equal((await desk.ask('run', 'echo')).said.summary, 'a%b c\\');
  });

  it('says that cron goes on, for what both run is done twice', async () => {
    const desk = createDesk();
    assert.match(
      (await call(['import', 'crontab', desk.put('from', '1 1 * * * /bin/date\n'), '--root', desk.root])).stderr,
      /cron runs these lines as well .*crontab -e/,
    );
    assert.doesNotMatch((await call(['import', 'crontab', desk.put('from', '# nothing\n'), '--root', desk.root])).stderr, /as well/);
  });

  it('a second time makes nothing anew, though the lines have moved', async () => {
    const desk = createDesk();
    await imported(desk, 'crontab', CRONTAB);
    const again = await imported(desk, 'crontab', `\n\n${CRONTAB}1 1 * * * /bin/echo new\n`);
    assert.deepEqual(
      [again.cadences.map(({ name }) => name), again.skipped.map(({ because }) => because)],
      [['echo-3'], ['there is a cadence echo already', 'there is a cadence sync already', 'there is a cadence echo-2 already']],
    );
  });
});

describe('import of pinglet', () => {
  const CONFIG = `tasks:
  my-task:
    command: /bin/echo
    args: [hello, --x]
    name: My Task
    timeout: 600
    env: [API_KEY]
    schedule: daily 7:00
    on_failure: {command: claude}
  uce: {command: ./run.py, schedule: every 2h}
  none: {args: [x]}
reliability: {retry: {max_attempts: 4, delays_seconds: [10, 60]}}
heartbeat: {enabled: true}
`;
  it('P1 P2 P3 P33 takes tasks with their names, folders, tries and times, and lists the rest with the reason', async () => {
    const desk = createDesk();
    const { cadences, skipped, lost } = await imported(desk, 'pinglet', CONFIG);
    assert.deepEqual(definition(desk, 'my-task'), {
      description: 'My Task',
      run: { command: ['/bin/echo', 'hello', '--x'], cwd: '/bin', env: ['API_KEY'] },
      schedule: 'daily 7:00',
      timeout: '10m',
      idle_timeout: 0,
      retry: { attempts: 4, delays: ['10s', '1m'] },
    });
    assert.deepEqual(
      cadences[0]?.lost.map(({ key }) => key),
      ['on_failure'],
    );
    assert.match(
      skipped.map(({ origin, because }) => `${origin} ${because}`).join('\n'),
      /^none it has none, .*\nuce .*uce\.yaml:\d+:\d+ .*there is no program .*run\.py/,
    );
    assert.deepEqual(
      lost.map(({ key }) => key),
      ['heartbeat'],
    );
  });

  it('says of each value that it cannot read that nothing of it is carried over', async () => {
    const task = '{command: /bin/echo, schedule: ["daily 7:00", "daily 8:00"], env: {A: b}, timeout: "10m", enabled: "false"}';
    const { cadences } = await imported(createDesk(), 'pinglet', `tasks:\n  odd: ${task}\n`);
    assert.deepEqual(
      cadences[0]?.lost.map(({ key, because }) => `${key} ${because.split(',')[0]}`),
      ['timeout it is no number', 'env it is no list', 'schedule it is no text', 'enabled it is no boolean'],
    );
    const docket = await imported(createDesk(), 'docket', 'tasks:\n  odd: {command: echo, schedule: [a, b], retry: "3", timeout_seconds: 90}\n');
    assert.deepEqual(
      docket.cadences[0]?.lost.map(({ key }) => key),
      ['schedule', 'retry'],
    );
  });

  it('P36 shows the files first with --dry-run, and overwrites none that is there', async () => {
    const desk = createDesk();
    desk.shell('my-task', 'echo mine');
    const before = { ...desk.tree(), 'from.pinglet': CONFIG };
    const { code, skipped } = await imported(desk, 'pinglet', CONFIG, '--dry-run');
    assert.equal(code, 2);
    assert.ok(skipped.some(({ origin, because }) => origin === 'my-task' && because === 'there is a cadence my-task already'));
    assert.deepEqual(desk.tree(), before);
  });
});

it('D4 D11 D25 D26 D30 import of docket takes command tasks and backups, retries as tries, and what is told about them', async () => {
  const desk = createDesk();
  const config = `tasks:
  backup: {source: /data, remote: "remote:backup", schedule: "0 2 * * *", retry: 3, backoff_base: 3, idle_timeout_seconds: null}
  fetch: {type: command, command: echo, args: [--a, b], success_exit_codes: [0, 3], timeout_seconds: 90, required_env: [TOK], inputs: {account: slug}, destructive: true}
  health-check: {checks: [disk]}
`;
  const { skipped } = await imported(desk, 'docket', config);
  assert.deepEqual(definition(desk, 'backup'), {
    run: { command: ['rclone', 'sync', '/data', 'remote:backup'] },
    schedule: '0 2 * * *',
    timeout: 0,
    idle_timeout: 0,
    retry: { attempts: 4, delays: ['3s', '9s', '27s'] },
  });
  assert.deepEqual(definition(desk, 'fetch'), {
    run: { command: ['echo', '--a', 'b'], ok_codes: [0, 3] },
    timeout: '90s',
    retry: { attempts: 1 },
    required_env: ['TOK'],
    inputs: { account: 'slug' },
    destructive: true,
  });
  assert.deepEqual(
    skipped.map(({ origin }) => origin),
    ['health-check'],
  );
});

it('D6 D9 D26 D27 import of docket takes hooks, notices, the kind of output and what a dry run is called with', async () => {
  const desk = createDesk();
  const config = `tasks:
  fetch:
    command: [echo]
    args: ['{"n":3}']
    dry_run_args: [dry]
    output_format: json
    on_success: "echo ok > ok"
    on_complete: ["echo one", "echo two"]
    notify:
      message: "{task} {status}: {summary} ({run_id})"
      discord: {webhook_url_env: NO_SUCH_HOOK_URL, username: Docket}
      telegram: {chat: "8223639759", bot_token: "12:secret"}
`;
  const { cadences, skipped } = await imported(desk, 'docket', config);
  assert.deepEqual(skipped, []);
  assert.deepEqual(definition(desk, 'fetch'), {
    run: { command: ['echo'], args: ['{"n":3}'], dry_run_args: ['dry'], output: 'json' },
    timeout: 0,
    retry: { attempts: 1 },
    on_success: 'echo ok > ok',
    on_complete: ['echo one', 'echo two'],
    notify: {
      on: ['failure'],
      message: '{task} {status}: {summary} ({run_id})',
      discord: { webhook_url_env: 'NO_SUCH_HOOK_URL', username: 'Docket' },
    },
  });
  assert.deepEqual(
    cadences[0]?.lost.map(({ key }) => key),
    ['notify.telegram.bot_token'],
  );
  assert.ok(!readFileSync(join(desk.paths.cadences, 'fetch.yaml'), 'utf8').includes('12:secret'));
  const { code, said } = await desk.ask('run', 'fetch');
  assert.deepEqual([code, said.status, said.result, readFileSync(join(desk.root, 'ok'), 'utf8')], [0, 'succeeded', { n: 3 }, 'ok\n']);
});

it('P1 P32 import of pinglet takes the output, its template and whether a recovery is told', async () => {
  const desk = createDesk();
  const config = `tasks:
  tabs:
    command: /bin/echo
    args: ['{"tabs_archived": 12}']
    output: {format: json, summary_template: "Archived {tabs_archived} tabs"}
    reliability: {notify_on_recovery: false}
  words: {command: /bin/echo, output: {format: text, summary_template: "{none}"}}
`;
  const { cadences } = await imported(desk, 'pinglet', config);
  const { run, summary, notify } = definition(desk, 'tabs') as Record<string, unknown>;
  assert.deepEqual((run as Record<string, unknown>).output, 'auto');
  assert.deepEqual([summary, notify], ['Archived {tabs_archived} tabs', { on: ['failure'] }]);
  assert.deepEqual(
    cadences.map(({ lost }) => lost.map(({ key }) => key)),
    [[], ['output.summary_template']],
  );
  assert.equal((await desk.ask('run', 'tabs')).said.summary, 'Archived 12 tabs');
});

describe('import of launchd', () => {
  const PLIST = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><!-- mine --><dict>
  <key>Label</key><string>com.me.git-sync</string>
  <key>ProgramArguments</key><array><string>/bin/sh</string><string>-c</string><string>a &amp;&amp; b</string></array>
  <key>StartInterval</key><integer>1800</integer>
  <key>StartCalendarInterval</key><array><dict><key>Hour</key><integer>7</integer><key>Minute</key><integer>0</integer></dict></array>
  <key>EnvironmentVariables</key><dict><key>MODE</key><string>x</string></dict>
  <key>RunAtLoad</key><true/>
</dict></plist>
`;
  it('P34 takes the program, its times as cron, its environment, and says why RunAtLoad is not needed', async () => {
    const desk = createDesk();
    const { cadences } = await imported(desk, 'launchd', PLIST);
    assert.deepEqual(definition(desk, 'git-sync'), {
      description: 'com.me.git-sync, from launchd',
      run: { command: ['/bin/sh', '-c', 'a && b'], cwd: '/', env: { MODE: 'x' } },
      schedule: ['every 30m', '0 7 * * *'],
      timeout: 0,
      idle_timeout: 0,
      retry: { attempts: 1 },
      workspace: './git-sync',
    });
    assert.deepEqual(
      cadences[0]?.lost.map(({ key }) => key),
      ['RunAtLoad'],
    );
  });

  it('hands a lone $ over as it stands, and says of what has no schedule that nothing starts it by itself', async () => {
    const desk = createDesk();
    const plist = PLIST.replace(/<key>StartInterval[\s\S]*<\/array>\n/, '')
      .replace('<string>x<', '<string>a$b<')
      .replace('<key>RunAtLoad', '<key>KeepAlive</key><true/><key>RunAtLoad');
    const { cadences } = await imported(desk, 'launchd', plist);
    const { run, schedule } = definition(desk, 'git-sync') as { run: { env: unknown }; schedule?: unknown };
    assert.deepEqual([run.env, schedule], [{ MODE: 'a$$b' }, undefined]);
    const losses = cadences[0]?.lost.map(({ key, because }) => `${key}: ${because}`) ?? [];
    assert.match(losses.join('\n'), /^KeepAlive: nothing starts it again .*give it a schedule.*\nRunAtLoad: nothing starts it at a boot/);
  });

  it('leaves a job whose time it cannot read, for what is passed over would be every minute of it', async () => {
    const desk = createDesk();
    for (const field of ['<key>Hour</key><string>7</string>', '<key>hour</key><integer>7</integer>', '<key>Hour</key><real>7.5</real>']) {
      const { cadences, skipped } = await imported(desk, 'launchd', PLIST.replace('<key>Hour</key><integer>7</integer>', field));
      assert.deepEqual(cadences, [], field);
      assert.match(skipped[0]?.because ?? '', /^it says [Hh]our (?:"7"|7|7\.5), which is no field of time with a whole number/);
    }
  });

  it('refuses what is no property list in XML, and says what to do', async () => {
    const desk = createDesk();
    for (const [text, message, hint] of [
      ['bplist00\u0001', /binary property list/, /plutil -convert xml1/],
      ['<plist><dict><key>Label</key></dict></plist>', /"<\/dict>" is no value/, /plutil -lint/],
      ['<plist><dict>', /<key> was expected, the end was found/, /plutil -lint/],
      ['<plist><string>&evil;</string></plist>', /the entity &evil; is not known/, /plutil/],
      ['{}', /<plist> was expected/, /plutil/],
    ] as const) {
      const error = errorOf(await desk.ask('import', 'launchd', desk.put('a.plist', text)));
      assert.equal(error.code, 65, text);
      assert.match(error.message, message);
      assert.match(error.hint, hint);
    }
    assert.throws(() => readPlist(`<plist>${'<array>'.repeat(30)}`), /nested too deeply/);
  });
});

it('P37 import says which kinds it knows, where the file is missing and where it is no YAML', async () => {
  const desk = createDesk();
  assert.match(errorOf(await desk.ask('import', 'crontap', 'x')).hint, /Did you mean crontab\?/);
  assert.equal(errorOf(await desk.ask('import', 'pinglet')).code, 64);
  assert.equal(errorOf(await desk.ask('import', 'pinglet', join(desk.root, 'none'))).code, 66);
  const { code, message } = errorOf(await desk.ask('import', 'docket', desk.put('broken.yaml', 'tasks: [\n')));
  assert.equal(code, 65);
  assert.match(message, /broken\.yaml:2:1 .*not valid YAML/);
});
