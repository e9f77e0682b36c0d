import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { Cadence } from '../../lib/core/cadence.ts';
import type { Problem } from '../../lib/ports.ts';
import { createYard } from './definition-yard.ts';

type Files = Readonly<Record<string, string>>;

function load(files: Files) {
  const yard = createYard();
  for (const [file, text] of Object.entries(files)) yard.put(file, text);
  return yard.load();
}

function cadenceOf(files: Files, name = 'brief'): Cadence {
  const definitions = load(files);
  assert.deepEqual(definitions.problems(), []);
  const { cadence, problems } = definitions.get(name) ?? { cadence: undefined, problems: ['none'] };
  assert.deepEqual(problems, []);
  assert.ok(cadence !== undefined);
  return cadence;
}

const words = (files: Files): readonly string[] =>
  load(files)
    .problems()
    .map(({ path, line, key, message }) => `${path.split('/').at(-1)}:${line} ${key}: ${message}`);

const BUS = `agents:
  - { claude: { model: opus, args: [--effort, 0640] } }
  - { name: second, claude: { model: haiku, env: { CLAUDE_CODE_OAUTH_TOKEN: abc } } }
  - { agent: { command: "codex exec -", output: json, env: [OPENAI_API_KEY] } }
  - { name: looker, agent: { command: [openrouter] }, only: diagnosis }
`;

describe('the agents of a cadence', () => {
  it('P17 are those of bus.yaml for an .md file that names none, each with an account of its own', () => {
    const cadence = cadenceOf({ 'bus.yaml': BUS, 'brief.md': 'Write.\n' });
    assert.deepEqual(
      cadence.slots?.map(({ name, account, run, isForDiagnosis }) => [name, account, run.kind, isForDiagnosis]),
      [
        ['claude', 'claude', 'claude', false],
        ['second', 'second', 'claude', false],
        ['codex', 'codex', 'agent', false],
        ['looker', 'openrouter', 'agent', true],
      ],
      'a login of its own is an account of its own',
    );
    assert.deepEqual([cadence.provider, cadence.account, cadence.lane, cadence.timeoutMs], ['claude', 'claude', 'agent', 1_800_000]);
    const [first, , third] = cadence.slots ?? [];
    assert.ok(first?.run.kind === 'claude' && third?.run.kind === 'agent');
    assert.deepEqual(first.run.args, ['--model', 'opus', '--effort', '0640'], 'words stand as they were written in bus.yaml');
    assert.deepEqual([third.run.argv, third.run.env.names], [['codex', 'exec', '-'], ['OPENAI_API_KEY']]);
  });

  it('P17 are named by the cadence, which keeps its own settings for the sessions among them', () => {
    const text =
      '---\nrun: { claude: { max_turns: 5, model: sonnet } }\nagents: [codex, { name: cheap, claude: { model: haiku } }, second]\nbudget: { run_usd: 2 }\n---\nWrite.\n';
    const cadence = cadenceOf({ 'bus.yaml': BUS, 'brief.md': text });
    const args = cadence.slots?.map(({ name, run }) => [name, run.kind === 'claude' ? run.args.join(' ') : run.argv.join(' ')]);
    assert.deepEqual(args, [
      ['codex', 'codex exec -'],
      ['cheap', '--model haiku --max-turns 5 --max-budget-usd 2'],
      ['second', '--model haiku --max-turns 5 --max-budget-usd 2'],
    ]);
    assert.equal(cadence.run.kind, 'agent');
  });

  it('leave alone whoever says what runs it, for its rules are not those of another agent', () => {
    const cadence = cadenceOf({ 'bus.yaml': BUS, 'brief.md': '---\nrun: { claude: { allowed_tools: [Read] } }\n---\nWrite.\n' });
    assert.equal(cadence.slots, undefined);
    assert.equal(cadence.run.kind, 'claude');
  });

  it('P17 change with bus.yaml at once, though the cadence has not changed', () => {
    const yard = createYard();
    yard.put('brief.md', 'Write.\n');
    const definitions = yard.load();
    assert.equal(definitions.get('brief')?.cadence?.run.kind, 'claude');
    yard.put('bus.yaml', 'agent: { command: [gemini, -p] }\n');
    definitions.reload();
    const { run, account, slots } = definitions.get('brief')?.cadence ?? {};
    assert.deepEqual([run?.kind, account, slots], ['agent', 'gemini', undefined], 'one program for every bare .md file');
    yard.put('bus.yaml', '{}\n');
    definitions.reload();
    assert.equal(definitions.get('brief')?.cadence?.run.kind, 'claude');
  });

  it('are sessions with the defaults of bus.yaml, where nothing else is said', () => {
    const bus = 'claude: { path: /opt/claude, model: haiku, max_turns: 9, allowed_tools: [Read] }\n';
    const argsOf = (text: string): string => {
      const { run } = cadenceOf({ 'bus.yaml': bus, 'brief.md': text });
      return run.kind === 'claude' ? run.args.join(' ') : run.kind;
    };
    assert.equal(argsOf('Write.\n'), '--model haiku --max-turns 9 --allowedTools Read');
    assert.equal(argsOf('---\nrun: { claude: { model: opus, allowed_tools: [] } }\n---\nWrite.\n'), '--model opus --max-turns 9');
    assert.equal(load({ 'bus.yaml': bus }).settings().claudePath, '/opt/claude');
  });

  it('are told what is wrong with them, where it stands, and what is meant', () => {
    assert.deepEqual(
      words({
        'bus.yaml':
          'agent: { command: [a] }\nagents:\n  - { claude: {} }\n  - { claude: {}, agent: { command: [b] } }\n  - { only: diagnosis }\n  - { claude: {} }\n',
      }),
      [
        'bus.yaml:1 agent: found agent and agents, expected one of them',
        'bus.yaml:4 agents[1]: names claude and agent, expected one of claude, agent',
        'bus.yaml:5 agents[2]: names no program, expected one of claude, agent',
        'bus.yaml:6 agents[3]: a second agent called claude, after the one at 1',
      ],
    );
    const one = (front: string, file = 'brief.md') => words({ 'bus.yaml': BUS, [file]: file.endsWith('.md') ? `---\n${front}\n---\nWrite.\n` : `${front}\n` });
    assert.deepEqual(one('agents: [codx]'), ['brief.md:2 agents[0]: there is no agent "codx", expected one of claude, second, codex, looker']);
    assert.deepEqual(one('agents: [looker]'), ['brief.md:2 agents: all its agents are for diagnosis only']);
    assert.deepEqual(one('agents: [looker]\ndiagnosis: true'), []);
    assert.deepEqual(one('agents: [codex]\nrun: { agent: { command: [gemini] } }'), [
      'brief.md:2 agents: found beside run: {agent: …}, which is the one that runs it',
    ]);
    assert.deepEqual(one('agents: [codex]\naccount: work'), ['brief.md:3 account: found beside agents, each of which has an account of its own']);
    assert.deepEqual(one('agents: [{ claude: { modell: x } }]').length, 1);
    assert.match(one('agents: [{ claude: { modell: x } }]')[0] ?? '', /unknown key "modell"/);
    assert.match(one('agents: [codex]\nrun: { command: [/bin/true] }', 'duty.yaml')[0] ?? '', /agents: found beside run: \{command: …\}/);
  });

  it('P17 pass over one whose program is not there, and say where its path stands; where none is left, the cadence is refused there', () => {
    const yard = createYard();
    const place = ({ path, line, column, key, message }: Problem) =>
      `${path.split('/').at(-1)}:${line}:${column} ${key}: ${message.replace(yard.paths.root, '')}`;
    yard.put('bus.yaml', 'agents:\n  - agent: { command: [bin/one] }\n  - { name: two, agent: { command: codex } }\n');
    yard.put('brief.md', 'Write.\n');
    yard.put('own.md', '---\nagents:\n  - two\n  - { name: mine, agent: { command: [./bin/mine] } }\n---\nWrite.\n');
    const definitions = yard.load();
    const told = () => definitions.all().map(({ name, problems, warnings = [] }) => [name, problems.map(place), warnings.map(place)]);
    assert.deepEqual(told(), [
      ['brief', [], ['bus.yaml:2:24 agents[0].agent.command[0]: there is no program /bin/one, so one is passed over for two']],
      ['own', [], ['own.md:4:38 agents[1].agent.command[0]: there is no program /bin/mine, so mine is passed over for two']],
    ]);
    assert.equal(definitions.get('brief')?.cadence?.slots?.length, 2);
    yard.put('bus.yaml', 'agents:\n  - agent: { command: [bin/one] }\n  - { name: two, agent: { command: bin/two } }\n');
    definitions.reload();
    assert.deepEqual(told(), [
      [
        'brief',
        ['bus.yaml:2:24 agents[0].agent.command[0]: there is no program /bin/one', 'bus.yaml:3:36 agents[1].agent.command: there is no program /bin/two'],
        [],
      ],
      [
        'own',
        ['bus.yaml:3:36 agents[1].agent.command: there is no program /bin/two', 'own.md:4:38 agents[1].agent.command[0]: there is no program /bin/mine'],
        [],
      ],
    ]);
    mkdirSync(`${yard.paths.root}/bin`);
    writeFileSync(`${yard.paths.root}/bin/two`, '');
    definitions.reload();
    assert.deepEqual(
      told().map(([, problems]) => problems),
      [[], []],
      'once it is there all is right, and no file of cadences/ has changed',
    );
  });

  it('P17 are told of where they stand, be it in bus.yaml or in the cadence', () => {
    const bus = "agents:\n  - claude: {}\n  - { name: piped, agent: { command: 'a | b' } }\n";
    const own = '---\nrun: { claude: { args: [--print] } }\nagents: [claude, { name: mine, claude: { args: [--verbose] } }]\n---\nWrite.\n';
    assert.deepEqual(
      words({ 'bus.yaml': bus, 'brief.md': 'Write.\n' }).map((one) => one.replace(/: found.*/, '')),
      ['bus.yaml:3 agents[1].agent.command'],
    );
    assert.deepEqual(words({ 'bus.yaml': bus, 'own.md': own }), [
      'own.md:2 run.claude.args[0]: --print is set by the program itself',
      'own.md:3 agents[1].claude.args[0]: --verbose is set by the program itself',
    ]);
    assert.deepEqual(
      words({ 'bus.yaml': 'agent: { command: [bin/none] }\n', 'brief.md': 'Write.\n' }).map((one) => one.replace(/no program .*/, 'no program')),
      ['bus.yaml:1 agent.command[0]: there is no program'],
    );
  });

  it('P17 that a shell runs have an account each, by their names, so that a hold on one does not hold the spare', () => {
    const bus =
      'agents:\n  - { name: first, agent: { command: [sh, -c, "codex exec"] } }\n  - agent: { command: [bash, -c, gemini] }\n  - { name: mine, agent: { command: [/bin/sh, run.sh] }, account: work }\n';
    const { slots, account } = cadenceOf({ 'bus.yaml': bus, 'brief.md': 'Write.\n' });
    assert.deepEqual(
      slots?.map((slot) => slot.account),
      ['first', 'bash', 'work'],
    );
    assert.equal(account, 'first');
  });
});
