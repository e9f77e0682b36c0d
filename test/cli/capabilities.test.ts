import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import * as z from 'zod';
import { COMMANDS } from '../../lib/cli/commands.ts';
import { call, createDesk, errorOf, parseAnswer } from '../support/cli.ts';
import { tempRoot } from '../support/temp-root.ts';

type Fields = Readonly<Record<string, unknown>>;

describe('D15 A39 capabilities', () => {
  const desk = createDesk();
  before(async () => {
    desk.shell(
      'fetch',
      'echo fetched',
      'description: Fetch the invoices',
      'required_env: [NO_SUCH_TOKEN_HERE]',
      'inputs: { account: the account to fetch }',
      'outputs: { events: what was fetched }',
      'destructive: true',
      'network: false',
    );
    desk.shell('plain', 'echo done', 'schedule: daily 7:00');
    desk.cadence('broken', 'run: { comand: x }');
    await desk.ask('run', 'plain');
  });
  const ask = async (): Promise<Fields> => {
    const { code, said } = await desk.ask('capabilities');
    assert.equal(code, 0);
    return said;
  };
  const cadence = async (name: string): Promise<Fields> => ((await ask()).cadences as Fields[]).find((one) => one.name === name) ?? {};

  it('says who it is, what the contract is, where everything lies and what exit codes mean', async () => {
    const { tool, agent_contract_version, root, dirs, exit_codes } = await ask();
    assert.deepEqual([tool, agent_contract_version, root], ['cadence-bus', 1, desk.root]);
    const { cadences, dlq, logs } = dirs as Fields;
    assert.deepEqual([cadences, dlq, logs], [desk.paths.cadences, desk.paths.dlq, desk.paths.logs]);
    for (const code of [0, 1, 2, 64, 65, 66, 69, 70, 74, 75, 77, 78, 124]) assert.ok((exit_codes as Fields)[code], `exit code ${code} has no meaning`);
  });

  it('D2 D3 lists every command with its flags, exit codes, examples, and whether it changes or destroys', async () => {
    const commands = (await ask()).commands as Fields[];
    assert.deepEqual(
      commands.map(({ name }) => name),
      COMMANDS.map(({ name }) => name),
    );
    for (const command of commands) {
      assert.equal(command.json, true);
      assert.match(String(command.usage), new RegExp(`^cadence-bus ${command.name}\\b`));
      assert.ok((command.examples as string[]).length > 0, `${command.name} has no example`);
      const codes = (command.exits as Fields[]).map(({ code }) => Number(code));
      for (const code of [0, 74, 77]) assert.ok(codes.includes(code), `${command.name} says nothing of ${code}`);
      assert.deepEqual(
        codes,
        [...new Set(codes)].toSorted((a, b) => a - b),
        String(command.name),
      );
      assert.ok(command.changes === false || command.dry_run === true, `${command.name} changes something, and has no dry run`);
      const help = (await call([String(command.name), '--help'])).stdout;
      for (const code of codes) assert.match(help, new RegExp(`^  ${code} `, 'm'), String(command.name));
    }
    const about = (name: string): Fields => commands.find((command) => command.name === name) ?? {};
    assert.deepEqual([about('status').changes, about('status').destructive], [false, false]);
    assert.deepEqual([about('start').changes, about('start').dry_run], [true, true]);
    assert.deepEqual([about('dlq').changes, about('dlq').destructive, about('dlq').dry_run], [true, true, true]);
  });

  it('D25 describes every cadence: inputs, outputs, what it needs of the environment and does not find, and how dangerous it is', async () => {
    const { path: _path, run: _run, ...told } = await cadence('fetch');
    assert.deepEqual(told, {
      name: 'fetch',
      description: 'Fetch the invoices',
      kind: 'command',
      enabled: true,
      inputs: { account: 'the account to fetch' },
      outputs: { events: 'what was fetched' },
      schema: null,
      required_env: ['NO_SUCH_TOKEN_HERE'],
      missing_env: ['NO_SUCH_TOKEN_HERE'],
      network: false,
      destructive: true,
      schedule: null,
      next_slot: null,
      timeout_ms: 300_000,
      problems: [],
      last: null,
    });
  });

  it('says when a cadence is due, how it ended last, and where a broken one is broken', async () => {
    const { lines } = (await cadence('plain')).schedule as Fields;
    assert.deepEqual(lines, ['daily 7:00']);
    const last = (await cadence('plain')).last as Fields;
    assert.deepEqual([last.status, last.summary], ['succeeded', 'done']);
    const [problem] = (await cadence('broken')).problems as Fields[];
    assert.deepEqual([problem?.line, problem?.key], [1, 'run.comand']);
  });

  it('D15 D25 tells the next slot of what is scheduled and on, as next does; and show tells it and the schedule in words', async () => {
    const yard = createDesk();
    yard.shell('yearly', 'true', 'schedule: "0 7 1 1 *"', 'timezone: Europe/Berlin', 'schema: { type: object, required: [name] }');
    yard.shell('off', 'true', 'schedule: daily 7:00', 'enabled: false');
    const cadences = (await yard.ask('capabilities')).said.cadences as Fields[];
    const [off, yearly] = ['off', 'yearly'].map((name) => cadences.find((one) => one.name === name) ?? {}) as [Fields, Fields];
    const { next_slot: slot } = yearly as { next_slot: Record<string, string> };
    const coming = ((await yard.ask('next', 'yearly')).said.slots as Record<string, string>[])[0];
    assert.match(String(slot.at), /-01-01T06:00/, 'New Year, seven in Berlin');
    assert.deepEqual([slot.at, slot.due, slot.timezone], [coming?.at, coming?.due, 'Europe/Berlin']);
    assert.deepEqual([off.next_slot, yearly.schema], [null, { type: 'object', required: ['name'] }]);
    const { stdout } = await yard.tell('show', 'yearly');
    assert.match(stdout, /schedule +.*07:00 in Europe\/Berlin; of missed times the latest/);
    assert.match(stdout, new RegExp(`next +${slot.at} \\(Europe/Berlin\\)`));
    assert.deepEqual((await yard.ask('show', 'yearly')).said.next_slot, slot);
    assert.match((await yard.tell('show', 'off')).stdout, /next +never, as it stands/);
  });

  it('is told where there is no agent root too, and says that there is none', async () => {
    const { code, said } = parseAnswer(await call(['capabilities', '--json'], { cwd: tempRoot() }));
    assert.deepEqual([code, said.root, said.cadences], [0, null, []]);
    assert.equal(errorOf(parseAnswer(await call(['capabilities', '--json', '--root', tempRoot()]))).code, 66);
  });

  it('is told to people on one screen', async () => {
    const { code, stdout } = await desk.tell('capabilities');
    assert.equal(code, 0);
    assert.match(stdout, /fetch {2}.*command, destructive, needs NO_SUCH_TOKEN_HERE .*Fetch the invoices/);
    assert.ok(stdout.split('\n').length < 40);
  });
});

describe('D15 D25 schema', () => {
  const schemaOf = async (name: string): Promise<Fields> => (parseAnswer(await call(['schema', name, '--json'])).said.schema ?? {}) as Fields;

  it('prints one for every file and every command, each with an id that stays', async () => {
    const { said } = parseAnswer(await call(['schema', '--json']));
    const names = said.names as string[];
    for (const name of ['cadence', 'bus', 'tick', 'run', 'answer:run', 'runs', 'capabilities']) assert.ok(names.includes(name), name);
    for (const name of names) {
      const { $id, $schema, title } = await schemaOf(name);
      assert.match(String($id), /^urn:cadence-bus:schema:(answer:)?[a-z-]+$/, name);
      assert.ok($schema !== undefined && title !== undefined);
    }
    const { stdout } = await call(['schema', 'cadence']);
    assert.deepEqual(JSON.parse(stdout), await schemaOf('cadence'), 'for people it is the schema alone, to be written to a file');
  });

  it('means the same as the check: what a cadence may say, and what not', async () => {
    const cadence = z.fromJSONSchema((await schemaOf('cadence')) as Parameters<typeof z.fromJSONSchema>[0]);
    assert.ok(cadence.safeParse({ run: { command: ['./x.sh'] }, retry: { attempts: 3, delays: ['30s'] } }).success);
    for (const wrong of [{ run: { comand: ['x'] } }, { run: { command: ['x'] }, retires: 3 }, { timeout: false }])
      assert.ok(!cadence.safeParse(wrong).success, JSON.stringify(wrong));
  });

  it('names the nearest where there is none of that name', async () => {
    const { code, hint } = errorOf(parseAnswer(await call(['schema', 'cadense', '--json'])));
    assert.deepEqual([code, hint], [66, 'Did you mean cadence?']);
  });
});
