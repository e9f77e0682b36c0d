import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { enqueue } from '../../lib/index.ts';
import { createDesk, errorOf } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';

const SCHEMA =
  'schema: { type: object, required: [name], properties: { name: { type: string }, times: { type: integer, minimum: 1 } }, additionalProperties: false }';
const WRONG =
  /^the payload does not fit the schema of greet: payload\.name: found the number 5, which must be string; payload\.times: found the number 0, which must be >= 1$/;

describe('D25 the schema of a payload', () => {
  const desk = createDesk();
  desk.shell('greet', 'cat', SCHEMA);
  desk.shell('plain', 'cat');

  it('refuses a payload before anything is written, in enqueue, run and both their dry runs: exit 65, the place, what is allowed', async () => {
    const before = desk.tree();
    for (const words of [['enqueue'], ['run'], ['enqueue', '--dry-run'], ['run', '--dry-run'], ['run', '--async']]) {
      const [verb = '', ...flags] = words;
      const { code, error, message, hint } = errorOf(await desk.ask(verb, 'greet', '--payload', '{"name":5,"times":0}', ...flags));
      assert.deepEqual([code, error, hint], [65, 'bad_data', 'See cadence-bus show greet --json.'], words.join(' '));
      assert.match(message, WRONG);
    }
    assert.deepEqual(desk.tree(), before);
    assert.match(errorOf(await desk.ask('enqueue', 'greet')).message, /payload\.name is missing, expected: string$/, 'no payload is an empty one');
  });

  it('lets through what fits, and asks nothing of a cadence without one', async () => {
    const { code, said } = await desk.ask('run', 'greet', '--payload', '{"name":"Ada"}');
    assert.deepEqual([code, said.status, said.summary], [0, 'succeeded', '{"name":"Ada"}']);
    assert.equal((await desk.ask('run', 'plain', '--payload', '{"name":5}')).code, 0);
  });

  it('is asked by the library too', async () => {
    const root = desk.root;
    await assert.rejects(enqueue('greet', { root, payload: { name: 5, times: 0 } }), (error: Error) => WRONG.test(error.message));
    assert.equal((await enqueue('greet', { root, payload: { name: 'Eve' } })).status, 'queued');
  });

  it('is asked again by the owner: what came by another way is dead at once, uncharged, and no failure of the cadence', async () => {
    const yard = createDesk();
    yard.shell('greet', 'cat', SCHEMA, 'breaker: { failures: 1 }');
    yard.put('state/cadence-bus/inbox/by-hand.json', '{"cadence":"greet","payload":{"nmae":"Ada"}}\n');
    await yard.own();
    const [file = ''] = await eventually('it lies in the dlq', () => (yard.ls('dlq').length === 0 ? undefined : yard.ls('dlq')));
    assert.match(file, /\.greet\.[a-z0-9]{12}\.0\.permanent\.json$/);
    const { dead } = JSON.parse(readFileSync(join(yard.paths.dlq, file), 'utf8'));
    assert.equal(
      dead.because,
      'its payload does not fit the schema of greet: payload.name is missing, expected: string; payload.nmae is not known (did you mean name?); allowed: name, times',
    );
    const [record] = yard.records();
    assert.deepEqual([record?.status, record?.blame], ['dead', undefined]);
    assert.deepEqual((await yard.ask('breaker')).said.holds, []);
  });

  it('is itself checked by check, shown by show and told by capabilities', async () => {
    const yard = createDesk();
    yard.shell('greet', 'cat', 'schema: { type: object, reqired: [name] }');
    const { code, said } = await yard.ask('check');
    const [problem] = said.problems as { line: number; column: number; key: string; message: string }[];
    assert.deepEqual([code, problem?.line, problem?.key, problem?.message], [78, 2, 'schema.reqired', 'no valid JSON Schema: unknown keyword: "reqired"']);
    const { said: shown } = await desk.ask('show', 'greet');
    assert.deepEqual((shown.cadence as { schema: { required: string[] } }).schema.required, ['name']);
    const { said: told } = await desk.ask('capabilities');
    const cadences = told.cadences as { name: string; schema: unknown }[];
    assert.deepEqual(
      cadences.map(({ name, schema }) => [name, schema !== null]),
      [
        ['greet', true],
        ['plain', false],
      ],
    );
  });
});
