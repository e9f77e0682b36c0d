import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { describe, it } from 'node:test';
import { FIX } from '../../lib/doctor/check.ts';
import { createClaudeCheck } from '../../lib/doctor/claude.ts';
import { createDefinitionsCheck } from '../../lib/doctor/definitions.ts';
import { createProgramsCheck } from '../../lib/doctor/programs.ts';
import { createRequiredEnvCheck } from '../../lib/doctor/required-env.ts';
import { askProgram } from '../../lib/platform/program-answer.ts';
import { cadenceOf, command, NO_ENV, yard } from './yard.ts';

const CLAUDE = { kind: 'claude', promptPath: '/p.md', args: [], cwd: '/', env: NO_ENV } as const;
const problem = (line: number) => ({ path: '/srv/cadences/a.yaml', line, column: 3, key: 'run', message: 'is \u001b[31mwrong', hint: 'Mend it.' });

const noOwner = async () => undefined;

describe('the check of the definitions', () => {
  it('is well with right ones, and with none', async () => {
    const inspect = (count: number) =>
      createDefinitionsCheck({ defined: () => ({ definitions: Array(count).fill({}), problems: [], warnings: [], waiting: [] }), missed: noOwner }).inspect();
    assert.deepEqual([(await inspect(1)).detail, (await inspect(0)).level], ['1 cadence, all of them right', 'ok']);
  });

  it('fails with the place of each problem, and not with a hundred lines', async () => {
    const { level, detail, mend } = await createDefinitionsCheck({
      defined: () => ({ definitions: [], problems: [1, 2, 3, 4, 5, 6, 7].map(problem), warnings: [], waiting: [] }),
      missed: noOwner,
    }).inspect();
    assert.deepEqual([level, mend], ['fail', 'cadence-bus check']);
    assert.equal(detail.split('\n').length, 6);
    assert.match(detail, /^\/srv\/cadences\/a\.yaml:1:3 {2}run: is \\x1b\[31mwrong/);
    assert.match(detail, /and 2 more$/);
  });

  it('names who waits for bus.yaml to be mended, and that but once', async () => {
    const waiting = ['ask', 'brief'];
    const { detail } = await createDefinitionsCheck({
      defined: () => ({ definitions: [{}], problems: [problem(2)], warnings: [], waiting }),
      missed: noOwner,
    }).inspect();
    assert.equal(detail.split('\n')[1], 'While bus.yaml is wrong nobody knows what these may spend, and an owner that starts lets them wait: ask, brief');
  });

  it('fails where an owner goes on with a bus.yaml that is not there any more', async () => {
    const missed = async () => '/srv/cadences/bus.yaml:1:1  it is gone.';
    const { level, detail } = await createDefinitionsCheck({
      defined: () => ({ definitions: [{}], problems: [], warnings: [], waiting: [] }),
      missed,
    }).inspect();
    assert.deepEqual([level, detail], ['fail', '/srv/cadences/bus.yaml:1:1  it is gone. What it said goes on until the owner ends.']);
  });

  it('P17 warns of an agent that is passed over, for nothing fails by it', async () => {
    const { level, detail } = await createDefinitionsCheck({
      defined: () => ({ definitions: [{}], problems: [], warnings: [problem(4)], waiting: [] }),
      missed: noOwner,
    }).inspect();
    assert.equal(level, 'warn');
    assert.match(detail, /a\.yaml:4:3 /);
  });
});

describe('the check of the environment', () => {
  const cadences = () => [
    cadenceOf('one', command(['x'], '/', { names: ['KEY'], values: {} }), { requiredEnv: ['TOKEN', 'EMPTY'] }),
    cadenceOf('two', { kind: 'inline', file: '/x.js' }, { requiredEnv: ['TOKEN'] }),
  ];

  it('is well where all is set', async () => {
    assert.equal((await createRequiredEnvCheck({ cadences, env: { KEY: '', TOKEN: 't', EMPTY: 'e' } }).inspect()).level, 'ok');
  });

  it('warns of what is unset, with who asks for it, and shows no value', async () => {
    const { level, detail, mend } = await createRequiredEnvCheck({ cadences, env: { EMPTY: '', OTHER: 'secret' } }).inspect();
    assert.equal(level, 'warn');
    assert.match(detail, /TOKEN \(one, two\), EMPTY \(one\), KEY \(one\)/);
    assert.equal(mend, 'export TOKEN=… EMPTY=… KEY=…');
    assert.doesNotMatch(detail, /secret/);
  });
});

describe('the check of the programs', () => {
  const check = (cadences: Parameters<typeof cadenceOf>[1][], path: string) => {
    const { files } = yard();
    return createProgramsCheck({ files, cadences: () => cadences.map((run) => cadenceOf('one', run)), searchPath: () => path }).inspect();
  };

  it('finds them on the PATH, by an absolute path, in the folder of the run, and through a link', async () => {
    const { root, put } = yard();
    put(`${root}/bin/real`, '', 0o755);
    symlinkSync('real', `${root}/bin/tool`);
    const runs = [command(['tool'], '/'), command([`${root}/bin/real`], '/'), command(['./bin/real'], root), command(['bin/real'], root)];
    assert.equal((await check(runs, `/nowhere:${root}/bin`)).level, 'ok');
  });

  it('warns of one that is absent, no file, not executable, or a link that leads nowhere', async () => {
    const { root, put } = yard();
    put(`${root}/bin/plain`, '', 0o644);
    mkdirSync(`${root}/bin/folder`);
    symlinkSync('gone', `${root}/bin/dangling`);
    for (const program of ['absent', 'plain', 'folder', 'dangling', './absent']) {
      const { level, detail, mend } = await check([command([program], root)], `${root}/bin:${root}/bin/plain`);
      assert.equal(level, 'warn', program);
      assert.ok(detail.includes(`${program} (one)`));
      assert.ok(mend?.startsWith(`command -v ${program}`));
    }
  });

  it('looks at guards too, and not into the words of a shell', async () => {
    const { files } = yard();
    const guarded = cadenceOf('one', { ...command(['no-such | thing'], '/'), shell: true } as never, { guard: command(['no-guard'], '/') });
    const { detail } = await createProgramsCheck({ files, cadences: () => [guarded], searchPath: () => '/bin' }).inspect();
    assert.match(detail, /not found here: no-guard \(one\);/);
  });
});

describe('the check of claude', () => {
  const found = (path: string) => () => ({ kind: 'found', path }) as const;
  const missing = (isSet: boolean) => () => ({ kind: 'missing', reason: 'looked on its PATH, in ~/.local/bin', isSet }) as const;
  const ask = (path: string) => askProgram({ argv: [path, '--version'], env: process.env, withinMs: 30_000 });
  const base = { cadences: () => [cadenceOf('agent', CLAUDE)], settingsFile: '/srv/cadences/bus.yaml', platform: 'linux', askVersion: ask };

  it('does not look for it where no cadence asks for it', async () => {
    const find = (): never => assert.fail('it looked');
    assert.equal((await createClaudeCheck({ ...base, cadences: () => [], find }).inspect()).level, 'ok');
  });

  it('shows where it is and its version', async () => {
    const { root, put } = yard();
    const path = put(`${root}/claude`, '#!/bin/sh\necho "2.1.328 (Claude Code)"\n', 0o755);
    assert.deepEqual(await createClaudeCheck({ ...base, find: found(path) }).inspect(), {
      level: 'ok',
      detail: `${path}, 2.1.328 (Claude Code), for 1 cadence`,
    });
  });

  for (const [version, isBad] of [
    ['2.1.196', false],
    ['2.1.197', true],
    ['2.1.201', true],
    ['2.1.202', false],
    ['2.1.204', true],
    ['2.1.328', false],
    ['3.1.200', false],
  ] as const) {
    it(`${isBad ? 'warns of' : 'is well with'} ${version} on macOS, and is well with it elsewhere`, async () => {
      const askVersion = async () => ({ kind: 'said', text: `${version} (Claude Code)` }) as const;
      const inspect = (platform: string) => createClaudeCheck({ ...base, platform, find: found('/opt/claude'), askVersion }).inspect();
      const { level, mend } = await inspect('darwin');
      assert.deepEqual([level, mend], isBad ? ['warn', '/opt/claude update'] : ['ok', undefined]);
      assert.equal((await inspect('linux')).level, 'ok');
    });
  }

  it('fails where it is not, with the places that were looked at', async () => {
    const here = await createClaudeCheck({ ...base, find: missing(false) }).inspect();
    assert.deepEqual([here.level, here.detail], ['fail', 'looked on its PATH, in ~/.local/bin']);
    assert.match((await createClaudeCheck({ ...base, find: missing(true) }).inspect()).mend ?? '', /bus\.yaml$/);
  });

  it('fails where it breaks, with what it said', async () => {
    const { root, put } = yard();
    const path = put(`${root}/claude`, '#!/bin/sh\necho "bad CPU type" >&2\nexit 86\n', 0o755);
    const { level, detail, mend } = await createClaudeCheck({ ...base, find: found(path) }).inspect();
    assert.deepEqual([level, mend], ['fail', `${path} --version`]);
    assert.match(detail, /exit code 86: bad CPU type/);
    assert.notEqual(mend, FIX);
  });
});

describe('asking a program', () => {
  const asked = (path: string, withinMs: number) => askProgram({ argv: [path], env: { PATH: process.env.PATH }, withinMs });

  it('ends one that does not answer, with all that it started', async () => {
    const { root, put, files } = yard();
    const path = put(`${root}/hangs`, `#!/bin/sh\nsleep 600 &\necho $! >${root}/pid\nwait\n`, 0o755);
    const answer = await asked(path, 1_500);
    assert.deepEqual(answer, { kind: 'failed', because: 'it did not answer within 1.5 s' });
    const found = files.read(`${root}/pid`);
    assert.equal(found?.kind, 'text');
    const pid = found?.kind === 'text' ? Number(found.text) : 0;
    assert.ok(pid > 1);
    // Killed, it may be a zombie for a moment; it may not sleep on.
    const { identityOf } = await import('../../lib/platform/process-identity.ts');
    const { eventually } = await import('../support/eventually.ts');
    await eventually('the child of the program is gone', () => identityOf(pid) === undefined);
  });

  it('does not wait for a grandchild that keeps its output open', async () => {
    const { root, put } = yard();
    const path = put(`${root}/forks`, '#!/bin/sh\necho 1.0\nsleep 600 &\n', 0o755);
    assert.deepEqual(await asked(path, 500_000), { kind: 'said', text: '1.0' });
  });

  it('answers with the reason where it cannot be started, is killed, or floods', async () => {
    const { root, put } = yard();
    const told = await asked(put(`${root}/no-interpreter`, '#!/no/such/sh\n', 0o755), 30_000);
    assert.equal(told.kind, 'failed');
    assert.deepEqual(await asked(put(`${root}/dies`, '#!/bin/sh\nkill -9 $$\n', 0o755), 30_000), { kind: 'failed', because: 'it was ended by SIGKILL' });
    const flood = await asked(put(`${root}/floods`, '#!/bin/sh\nhead -c 5000000 /dev/zero | tr "\\0" x\n', 0o755), 30_000);
    assert.ok(flood.kind === 'said' && flood.text.length <= 64 * 1024);
    chmodSync(`${root}/floods`, 0o644);
    assert.match(JSON.stringify(await asked(`${root}/floods`, 30_000)), /EACCES/);
  });
});
