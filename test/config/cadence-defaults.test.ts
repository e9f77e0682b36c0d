import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { Cadence } from '../../lib/core/cadence.ts';
import { createYard, HOME, loadOne } from './definition-yard.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function good(file: string, text: string): { readonly cadence: Cadence; readonly root: string } {
  const { cadence, problems, yard } = loadOne(file, text, ({ paths }) => writeFileSync(`${paths.root}/x.sh`, ''));
  assert.deepEqual(problems, []);
  assert.ok(cadence);
  return { cadence, root: yard.paths.root };
}

describe('a cadence that says nothing else', () => {
  it('M8 M15 M16 M17 D28 is one line and gets every default of the design', () => {
    const { cadence, root } = good('backup.yaml', 'run: {command: [./x.sh]}');
    assert.deepEqual(cadence, {
      name: 'backup',
      path: `${root}/cadences/backup.yaml`,
      description: '',
      enabled: true,
      run: { kind: 'command', argv: [`${root}/x.sh`], shell: false, cwd: root, env: { names: [], values: {} }, okCodes: [0] },
      timeoutMs: 5 * MINUTE,
      idleTimeoutMs: 30 * MINUTE,
      killGraceMs: 5_000,
      logCapBytes: 256 * 1024 * 1024,
      lane: 'command',
      retry: { attempts: 2, delaysMs: [30_000, 2 * MINUTE], jitter: 0.25 },
      breaker: { failures: 3, openMs: 30 * MINUTE, maxOpenMs: 4 * HOUR },
      requiredEnv: [],
      about: { inputs: {}, outputs: {}, network: true, destructive: false },
    });
  });

  it('M6 M7 M8 is a claude session where it is a bare .md file', () => {
    const { cadence, root } = good('review.md', 'Review what came in.\n');
    assert.deepEqual(cadence.run, { kind: 'claude', promptPath: `${root}/cadences/review.md`, args: [], cwd: root, env: { names: [], values: {} } });
    assert.deepEqual(
      [cadence.timeoutMs, cadence.idleTimeoutMs, cadence.lane, cadence.account, cadence.workspace],
      [30 * MINUTE, 30 * MINUTE, 'agent', 'claude', root],
    );
  });

  it('A34 gives an agent half an hour, or the ten minutes that its file says', () => {
    const timeoutOf = (keys: string): number => good('heal.md', `---\nrun: {agent: {command: [codex, exec, "-"]}}\n${keys}---\nHeal.\n`).cadence.timeoutMs;
    assert.deepEqual([timeoutOf(''), timeoutOf('timeout: 600s\n')], [30 * MINUTE, 10 * MINUTE]);
  });

  it('runs inline handlers in the inline lane, for five minutes at most', () => {
    const { cadence, problems, yard } = loadOne('sweep.yaml', 'run: {inline: ./h.mjs}', ({ paths }) => writeFileSync(`${paths.root}/h.mjs`, ''));
    assert.deepEqual(problems, []);
    assert.deepEqual(cadence?.run, { kind: 'inline', file: `${yard.paths.root}/h.mjs` });
    assert.deepEqual([cadence?.timeoutMs, cadence?.lane, cadence?.account, cadence?.workspace], [5 * MINUTE, 'inline', undefined, undefined]);
  });

  it('the settings of the bus have defaults without a file, and with an empty one', () => {
    const yard = createYard();
    const expected = {
      lanes: { agent: 1, command: 4, inline: 16 },
      scheduler: 'builtin',
      probes: {},
      heartbeat: { enabled: true, intervalMs: HOUR, wakeDelayMs: 30_000 },
      selfDiagnosis: { enabled: false, maxUsd: 1 },
      minFreeBytes: 200 * 1024 ** 2,
      retentionMs: 90 * 24 * HOUR,
      retentionBytes: 2 * 1024 ** 3,
    };
    assert.deepEqual(JSON.parse(JSON.stringify(yard.load().settings())), expected);
    yard.put('bus.yaml', '# all as it is\n');
    const definitions = yard.load();
    assert.deepEqual(definitions.settings(), expected);
    assert.deepEqual(definitions.problems(), []);
  });
});

describe('a cadence that says everything', () => {
  it('D25 D26 P1 has every key where it belongs', () => {
    const { cadence, root } = good(
      'full.yaml',
      `description: Back the vault up
enabled: false
run:
  command: [rclone, sync, -m, 0644, 1.10, true]
  cwd: ~/vault
  env: [AWS_KEY, {LEVEL: 07, MODE: fast}]
  ok_codes: [0, 9]
guard: {command: ./x.sh --check "two words", env: {A: b}}
overlap: queue
expires: 24h
timeout: 0
idle_timeout: 1h30m
kill_grace: 10s
log_cap: 64KB
workspace: data
lane: inline
account: bucket
retry: {attempts: 5, delays: [1s, 0, 1m], jitter: 0}
breaker: {failures: 7, open: 5h}
budget: {run_usd: 0.50, day_usd: 2, month_usd: 20, day_runs: 48}
required_env: [HOME]
inputs: {vault: the folder}
outputs: {remote: the bucket}
network: false
destructive: true
`,
    );
    assert.deepEqual(cadence, {
      name: 'full',
      path: `${root}/cadences/full.yaml`,
      description: 'Back the vault up',
      enabled: false,
      run: {
        kind: 'command',
        argv: ['rclone', 'sync', '-m', '0644', '1.10', 'true'],
        shell: false,
        cwd: `${HOME}/vault`,
        env: { names: ['AWS_KEY'], values: { LEVEL: '07', MODE: 'fast' } },
        okCodes: [0, 9],
      },
      guard: { kind: 'command', argv: [`${root}/x.sh`, '--check', 'two words'], shell: false, cwd: root, env: { names: [], values: { A: 'b' } }, okCodes: [0] },
      overlap: 'queue',
      expiresMs: 24 * HOUR,
      timeoutMs: 0,
      idleTimeoutMs: 90 * MINUTE,
      killGraceMs: 10_000,
      logCapBytes: 64 * 1024,
      workspace: `${root}/data`,
      lane: 'inline',
      account: 'bucket',
      retry: { attempts: 5, delaysMs: [1_000, 0, MINUTE], jitter: 0 },
      breaker: { failures: 7, openMs: 5 * HOUR, maxOpenMs: 5 * HOUR },
      budget: { runUsd: 0.5, dayUsd: 2, monthUsd: 20, dayRuns: 48 },
      requiredEnv: ['HOME'],
      about: { inputs: { vault: 'the folder' }, outputs: { remote: 'the bucket' }, network: false, destructive: true },
    });
  });

  it('P15 a claude session has its settings as the tail of the argument list, and one-word options behind the lists', () => {
    const { cadence, root } = good(
      'review.md',
      `---
run:
  claude:
    args: [--add-dir, /tmp]
    append_system_prompt: "-be brief"
    allowed_tools: [Read, "Bash(git *)"]
    disallowed_tools: [Write]
    max_turns: 5
    max_usd: 0.5
    model: haiku
    permission_mode: dontAsk
    json_schema: {type: object, required: [ok]}
    mcp_config: [x.sh]
    cwd: "~"
    env: {LANG: C}
---
Review.
`,
    );
    assert.deepEqual(cadence.run, {
      kind: 'claude',
      promptPath: `${root}/cadences/review.md`,
      // biome-ignore format: an argument list
      args: [
        '--model', 'haiku', '--max-turns', '5', '--allowedTools', 'Read,Bash(git *)', '--disallowedTools', 'Write', '--permission-mode', 'dontAsk',
        '--json-schema', '{"type":"object","required":["ok"]}', '--mcp-config', `${root}/x.sh`, '--strict-mcp-config',
        '--append-system-prompt', '-be brief', '--max-budget-usd', '0.5', '--add-dir', '/tmp',
      ],
      cwd: HOME,
      env: { names: [], values: { LANG: 'C' } },
      maxUsd: 0.5,
    });
    assert.equal(cadence.workspace, HOME);
  });

  it('P15 claude is told the most that one run may cost: the budget of a run, its own cap, or the smaller of both', () => {
    const told = (keys: string): readonly string[] => {
      const { run } = good('review.md', `---\n${keys}\n---\nReview.\n`).cadence;
      return run.kind === 'claude' ? run.args : [];
    };
    assert.deepEqual(told('budget: {run_usd: 0.75}'), ['--max-budget-usd', '0.75']);
    assert.deepEqual(told('budget: {run_usd: 0.75}\nrun: {claude: {max_usd: 2}}'), ['--max-budget-usd', '0.75']);
    assert.deepEqual(told('budget: {run_usd: 0.75}\nrun: {claude: {max_usd: 0.5}}'), ['--max-budget-usd', '0.5']);
    assert.deepEqual(told('budget: {day_usd: 5}'), []);
  });

  it('the settings of the bus are read, lanes are added to those there are', () => {
    const yard = createYard();
    yard.put(
      'bus.yaml',
      'lanes: {agent: 2, gpu: 1}\nclaude: {path: ~/bin/claude}\nbudget: {day_usd: 10, month_runs: 500}\nmin_free: 1GB\nretention: {age: 7d, size: 100 MB}\n',
    );
    const definitions = yard.load();
    assert.deepEqual(definitions.problems(), []);
    assert.deepEqual(definitions.settings(), {
      lanes: { agent: 2, command: 4, inline: 16, gpu: 1 },
      claudePath: `${HOME}/bin/claude`,
      budget: { dayUsd: 10, monthRuns: 500 },
      scheduler: 'builtin',
      probes: {},
      heartbeat: { enabled: true, intervalMs: HOUR, wakeDelayMs: 30_000 },
      selfDiagnosis: { enabled: false, maxUsd: 1 },
      minFreeBytes: 1024 ** 3,
      retentionMs: 7 * 24 * HOUR,
      retentionBytes: 100 * 1024 ** 2,
    });
  });
});

describe('paths in a definition', () => {
  it('A60 M30 are relative to the agent root; the program to its working folder', () => {
    const { cadence, problems, yard } = loadOne('tool.yaml', 'run: {command: [bin/tool, ./kept], cwd: tools}', ({ paths }) => {
      mkdirSync(`${paths.root}/tools/bin`, { recursive: true });
      writeFileSync(`${paths.root}/tools/bin/tool`, '');
    });
    const root = yard.paths.root;
    assert.deepEqual(problems, []);
    assert.deepEqual(cadence?.run.kind === 'command' && [cadence.run.argv, cadence.run.cwd], [[`${root}/tools/bin/tool`, './kept'], `${root}/tools`]);
    assert.equal(cadence?.workspace, `${root}/tools`);
  });

  it('are one workspace under two names, where one is a link to the other', () => {
    const { cadence, yard } = loadOne('tool.yaml', 'run: {command: [make], cwd: alias}', ({ paths }) => {
      mkdirSync(`${paths.root}/real`);
      symlinkSync(`${paths.root}/real`, `${paths.root}/alias`);
    });
    assert.equal(cadence?.workspace, `${yard.paths.root}/real`);
    assert.equal(cadence?.run.kind === 'command' && cadence.run.cwd, `${yard.paths.root}/alias`);
  });

  it('may name a folder that is not there yet, or a link that leads nowhere', () => {
    const { cadence, yard } = loadOne('tool.yaml', 'run: {command: [make], cwd: later}');
    assert.equal(cadence?.workspace, `${yard.paths.root}/later`);
    const dangling = loadOne('tool.yaml', 'run: {command: [make], cwd: gone}', ({ paths }) => symlinkSync(`${paths.root}/nowhere`, `${paths.root}/gone`));
    assert.equal(dangling.cadence?.workspace, `${dangling.yard.paths.root}/gone`);
  });
});

describe('a command in one text', () => {
  const argvOf = (text: string) => {
    const { cadence, problems } = loadOne('tool.yaml', `run: ${text}`);
    assert.deepEqual(problems, []);
    assert.ok(cadence?.run.kind === 'command');
    return { argv: cadence.run.argv, shell: cadence.run.shell };
  };

  it('D26 is split as a shell would', () => {
    assert.deepEqual(argvOf(`{command: 'git commit -m "two words" --author=a\\ b'}`), {
      argv: ['git', 'commit', '-m', 'two words', '--author=a b'],
      shell: false,
    });
  });

  it('is handed to the shell whole where shell is true', () => {
    assert.deepEqual(argvOf('{command: "ls | wc -l", shell: true}'), { argv: ['ls | wc -l'], shell: true });
  });
});
