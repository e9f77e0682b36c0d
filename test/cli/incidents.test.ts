import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import type { IncidentView } from '../../lib/app/answers/incident-reading.ts';
import { createDesk } from '../support/cli.ts';

/** What a stranger does after something has failed. */
describe('A47 incidents', () => {
  const desk = createDesk();
  const SCRIPT = `const rows = {};\nfunction load(name) {\n  return rows[name].id;\n}\nload('a');\n`;
  const listed = async (...words: readonly string[]): Promise<readonly IncidentView[]> =>
    (await desk.ask('incidents', 'ls', ...words)).said.incidents as readonly IncidentView[];
  let id = '';

  before(async () => {
    desk.put('job.cjs', SCRIPT);
    desk.shell('job', `'${process.execPath}' job.cjs`, 'retry: { attempts: 1, delays: [10ms] }', 'breaker: { failures: 50 }', 'config_snapshots: [job.cjs]');
    desk.shell(
      'other',
      'test -e mended || { echo "disk full on /dev/sd$$" >&2; exit 4; }',
      'retry: { attempts: 1, delays: [10ms] }',
      'breaker: { failures: 50 }',
    );
    for (const name of ['job', 'job', 'other']) await desk.ask('run', name);
    id = (await listed('--cadence', 'job'))[0]?.id ?? '';
  });

  it('A15 A47 lists each bug once, and shows it with its evidence', async () => {
    const all = await listed();
    assert.deepEqual(all.map(({ cadence, detector, occurrences, state }) => [cadence, detector, occurrences, state]).sort(), [
      ['job', 'traceback', 2, 'open'],
      ['other', 'exit', 1, 'open'],
    ]);
    const { said, code } = await desk.ask('incidents', 'show', id.slice(0, -3));
    assert.equal(code, 0);
    assert.match(String(said.title), /^TypeError: .*\(job\.cjs:3\)$/);
    const files = said.files as readonly string[];
    for (const name of [
      'report.md',
      'trace.txt',
      'log_excerpt.txt',
      'state.json',
      'occurrences.jsonl',
      'frames/01-job.cjs.md',
      'configs/job.yaml',
      'configs/job.cjs',
    ])
      assert.ok(files.includes(name), `${name} of ${files}`);
    assert.match(readFileSync(`${said.path}/frames/01-job.cjs.md`, 'utf8'), /\n>>> 3 \| {3}return rows\[name\]\.id;\n/);
    const text = await desk.tell('incidents', 'show', 'job');
    assert.match(text.stdout, /^# TypeError: /);
    assert.match(text.stdout, /- times: 2, first /);
  });

  it('is named by status, by why and by the dead tick', async () => {
    const status = await desk.ask('status');
    assert.deepEqual((status.said.incidents as readonly IncidentView[]).map(({ cadence }) => cadence).sort(), ['job', 'other']);
    assert.match((await desk.tell('status')).stdout, new RegExp(`open +${id}`));
    assert.match(String((await desk.ask('why', 'job')).said.because), new RegExp(`incident ${id} is open`));
    const [dead] = (await desk.ask('dlq', 'ls', '--cadence', 'job')).said.dead as readonly { tick: string }[];
    assert.equal((await desk.ask('dlq', 'show', String(dead?.tick))).said.incident, id);
  });

  it('A20 is ignored, approved and resolved by orders, also where no owner runs', async () => {
    const dry = await desk.ask('incidents', 'ignore', 'job', '--for', '1h', '--dry-run');
    assert.deepEqual([dry.code, dry.said.would, dry.said.id, (await listed('--cadence', 'job'))[0]?.state], [2, 'ignore', id, 'open']);
    assert.equal((await desk.ask('incidents', 'ignore', 'job', '--for', '1h')).code, 0);
    assert.equal((await listed('--cadence', 'job'))[0]?.state, 'ignored');
    assert.equal((await desk.ask('incidents', 'approve', id)).code, 0);
    const [approved] = await listed('--cadence', 'job');
    assert.equal(approved?.state, 'open');
    assert.ok((approved?.approved_until ?? '') > new Date().toISOString());
    assert.equal((await desk.ask('incidents', 'resolve', 'job')).code, 0);
    assert.deepEqual(await listed('--cadence', 'job'), []);
    const [resolved] = await listed('--state', 'resolved');
    assert.deepEqual([resolved?.id, resolved?.resolved_by], [id, 'operator']);
    assert.match(readFileSync(`${resolved?.path}/report.md`, 'utf8'), /- state: resolved, .*, by operator\n/);
  });

  it('is over when its cadence proves itself', async () => {
    desk.put('mended', '');
    await desk.ask('run', 'other');
    assert.deepEqual(await listed(), []);
    assert.match((await desk.tell('incidents')).stdout, /^Nothing is open\. On file: 2/);
    assert.ok(existsSync(`${desk.root}/state/cadence-bus/incidents/index.jsonl`));
  });

  it('says what is wrong with a word that means none, or several', async () => {
    for (const [words, code, message] of [
      [['show', 'nobody'], 66, /there is no incident nobody/],
      [['show', '20'], 64, /may be any of 2 incidents/],
      [['show'], 64, /needs an incident/],
      [['shwo', 'x'], 64, /no verb shwo/],
      [['ls', '--state', 'opne'], 64, /no state of an incident/],
      [['resolve', id, '--for', '1h'], 64, /stays resolved/],
      [['approve', id], 66, /is resolved/],
    ] as const) {
      const { code: ended, said } = await desk.ask('incidents', ...words);
      assert.equal(ended, code, words.join(' '));
      assert.match(String((said.error as { message: string }).message), message);
    }
  });
});

describe('A33 A35 the answer to an incident', () => {
  const desk = createDesk();
  let id = '';

  before(async () => {
    desk.shell(
      'train',
      'test "$BATCH" -le 4 || { echo "out of memory" >&2; exit 3; }',
      ...['retry: { attempts: 1 }', 'on_failure: [{ agent: { session: true } }, { notify: true }]'],
    );
    desk.put('cadences/train.yaml', readFileSync(`${desk.root}/cadences/train.yaml`, 'utf8').replace('run: {', 'run: { env: { BATCH: 8 },'));
    await desk.ask('run', 'train');
    id = ((await desk.ask('incidents', 'ls')).said.incidents as readonly IncidentView[])[0]?.id ?? '';
  });

  it('is asked for in a file of its folder, with the words to answer with', async () => {
    const request = readFileSync(`${desk.root}/state/cadence-bus/incidents/${id}/recovery_request.md`, 'utf8');
    assert.match(request, new RegExp(`^---\nincident_id: ${id}\ndetector: exit\nsubagent: session\ntimeout: 10m\n---\n`));
    assert.match(request, new RegExp(`cadence-bus incidents respond ${id} --action restart_with_env --set NAME=value`));
  });

  it('says what is wrong with it before anything is sent', async () => {
    const cases: readonly (readonly [words: readonly string[], message: RegExp])[] = [
      [[], /needs --action/],
      [['--action', 'reboot'], /reboot is no answer/],
      [['--action', 'restart', '--set', 'A=1'], /restart sets nothing/],
      [['--action', 'restart_with_env'], /needs --set NAME=value/],
      [['--action', 'restart_with_env', '--set', 'LD_PRELOAD=/x.so'], /LD_PRELOAD may not be set by a fix/],
      [['--action', 'restart_with_env', '--set', 'A'], /A sets nothing/],
    ];
    for (const [words, message] of cases) {
      const { code, said } = await desk.ask('incidents', 'respond', 'train', ...words);
      assert.equal(code, 64);
      assert.match((said.error as { message: string }).message, message);
    }
    const dry = await desk.ask('incidents', 'respond', id, '--action', 'restart', '--dry-run');
    assert.deepEqual([dry.code, dry.said.would, dry.said.action], [2, 'respond', 'restart']);
  });

  it('A14 sets a variable for the next run, which show and status tell until a run has ended well', async () => {
    const given = await desk.ask(
      'incidents',
      'respond',
      'train',
      '--action',
      'restart_with_env',
      '--set',
      'BATCH=half',
      '--session',
      '--diagnosis',
      'too many',
    );
    assert.equal(given.code, 0, JSON.stringify(given.said));
    assert.equal(existsSync(`${desk.root}/state/cadence-bus/incidents/${id}/recovery_request.md`), false);
    const overlay = (await desk.ask('show', 'train')).said.overlay as { values: Record<string, string>; source: string };
    assert.deepEqual([overlay.values, overlay.source], [{ BATCH: '4' }, 'session']);
    assert.match((await desk.tell('status')).stdout, /Set by fixes\n.*train: BATCH=4 {2}set by session until a run ends well/);
    assert.match((await desk.tell('show', 'train')).stdout, /on failure +agent, then notify/);
    const drained = await desk.tell('start', '--drain');
    assert.equal(drained.code, 0, drained.stderr);
    assert.deepEqual((await desk.ask('status')).said.overlays, []);
    const ledger = readFileSync(`${desk.root}/state/cadence-bus/attempts.tsv`, 'utf8');
    assert.match(ledger.trimEnd().split('\n').at(-1) ?? '', /\texit\tsession\t\tkept\t[\d.]+\tasked a session: too many$/);
    assert.equal((await desk.ask('incidents', 'respond', id, '--action', 'restart')).code, 66, 'it is over');
  });
});
