import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createDesk, type Desk, errorOf } from '../support/cli.ts';

/** A definition that is wrong: what `check` says of it, with its place. */
const DEFINITIONS: readonly (readonly [title: string, text: string, place: string, said: RegExp])[] = [
  ['an unknown key, with the nearest', 'run: { command: ["true"] }\ntimout: 5m\n', '2:1', /unknown key "timout"\. Did you mean "timeout"/],
  ['a wrong type', 'run: { command: ["true"] }\nretry: { attempts: many }\n', '2:20', /retry\.attempts: found "many", expected a whole number/],
  ['a duplicate key', 'run: { command: ["true"] }\ntimeout: 1m\ntimeout: 2m\n', '3:1', /twice, first in line 2/],
  ['a cyclic alias', 'run: { command: ["true"] }\ninputs: &x { a: *x }\n', '2:17', /\*x contains itself/],
  [
    'a YAML bomb',
    `run: { command: ["true"] }\na: &a [x,x,x,x,x,x,x,x,x]\n${'bcdef'.replaceAll(
      /./g,
      (key) =>
        `${key}: &${key} [${Array(9)
          .fill(`*${String.fromCharCode(key.charCodeAt(0) - 1)}`)
          .join(',')}]\n`,
    )}`,
    '3:',
    /more than 5000 values, those behind aliases included/,
  ],
  ['no YAML at all', 'run: [\n', '2:1', /not valid YAML/],
  ['a program that is missing', 'run: { command: [./none.sh] }\n', '1:18', /there is no program .*none\.sh/],
  ['a handler that is missing', 'run: { inline: none.mjs }\n', '1:16', /there is no file .*none\.mjs/],
];

describe('bad input: each message says where it is and what to do', () => {
  for (const [title, text, place, said] of DEFINITIONS) {
    it(`D11 P37 ${title}`, async () => {
      const desk = createDesk();
      desk.put('cadences/wrong.yaml', text);
      const { code, stdout, stderr } = await desk.tell('check');
      assert.equal(code, 78);
      const line = stdout.split('\n').find((one) => said.test(one)) ?? '';
      assert.ok(line.includes(`cadences/wrong.yaml:${place}`), `${line || stdout}`);
      assert.match(stderr, /Next: mend the lines above/);
      assert.equal(errorOf(await desk.ask('run', 'wrong')).code, 78);
      assert.equal(errorOf(await desk.ask('edit', 'wrong', '--set', 'description=x')).code >= 65, true, 'no edit makes a wrong file look right');
    });
  }

  it('M7 a prompt that is empty: check says the line where it should begin', async () => {
    const desk = createDesk();
    desk.put('cadences/mute.md', '---\ndescription: Says nothing\n---\n\n');
    const { code, stdout } = await desk.tell('check');
    assert.equal(code, 78);
    assert.match(stdout, /cadences\/mute\.md:4:1 .*the prompt is empty\. Write what the session is to do/);
    assert.equal(errorOf(await desk.ask('run', 'mute')).code, 78);
  });

  it('P37 two files of one name', async () => {
    const desk = createDesk();
    desk.shell('twice', 'true');
    desk.put('cadences/twice.md', 'Say hello.\n');
    const { code, stdout } = await desk.tell('check');
    assert.equal(code, 78);
    assert.match(stdout, /twice\.\w+:1:1 .*twice is defined twice, in twice\.md and twice\.yaml\. Keep one of the files/);
    assert.match(errorOf(await desk.ask('edit', 'twice', '--timeout', '1m')).message, /defined twice/);
  });

  it('a payload file that is no JSON: with its line and column', async () => {
    const desk = createDesk();
    desk.shell('well', 'true');
    desk.put('payload.json', '{\n  "to": me\n}\n');
    const { code, message } = errorOf(await desk.ask('enqueue', 'well', '--payload', `@${desk.root}/payload.json`));
    assert.equal(code, 65);
    assert.ok(message.includes(`${desk.root}/payload.json:2:9 is no JSON: found "me"`), message);
  });

  it('D25 a variable that is not set: the tick is held, and everybody says which', async () => {
    const desk = createDesk();
    desk.shell('needy', 'true', 'required_env: [NO_SUCH_VARIABLE_HERE]');
    const cadences = (await desk.ask('capabilities')).said.cadences as { name: string; missing_env: string[] }[];
    assert.deepEqual(cadences.find(({ name }) => name === 'needy')?.missing_env, ['NO_SUCH_VARIABLE_HERE']);
    const { stdout } = await desk.tell('doctor');
    assert.match(stdout, /not set here: NO_SUCH_VARIABLE_HERE \(needy\)/);
  });

  const orders: readonly (readonly [title: string, words: string, code: number, said: RegExp, hint: RegExp])[] = [
    ['a run that does not exist', 'status --run x7k2p9qd4mzt-1', 66, /there is no run or tick x7k2p9qd4mzt-1/, /cadence-bus runs/],
    ['what is no id', 'status --run nonsense', 64, /"nonsense" is no id of a run/, /x7k2p9qd4mzt-1/],
    ['a run that is already over', 'cancel OVER', 66, /OVER is over: it succeeded/, /cadence-bus show/],
    ['a cadence by nearly its name', 'run wel', 66, /there is no cadence wel/, /Did you mean well\?/],
    ['a cadence by a name that none may have', 'run my_job', 66, /there is no cadence my_job/, /2 to 50 characters of a-z, 0-9 and -.* cadence-bus check/],
    ['the same, of a verb that asks the files', 'why my_job', 66, /there is no cadence my_job/, /2 to 50 characters of a-z, 0-9 and -.* cadence-bus check/],
    ['an option by nearly its name', 'edit well --timout 1m', 64, /edit has no option --timout/, /Did you mean --timeout\?/],
    ['a command by nearly its name', 'capabilites', 64, /there is no command capabilites/, /Did you mean capabilities\?/],
    ['a payload that is no JSON', 'enqueue well --payload {', 65, /the payload is no JSON: column 2: found its end/, /quoted twice/],
    ['an instant that is none', 'enqueue well --expires-at never', 65, /--expires-at never is not an instant/, /2026-11-20T07:00:00Z/],
    ['a day that no month has', 'enqueue well --at 2026-02-30T07:00:00Z', 65, /is not an instant/, /2026-11-20T07:00:00Z/],
    ['a payload that does not fit the schema', 'enqueue strict --payload {"to":7}', 65, /payload\.to: found the number 7, which must be string/, /show strict/],
    ['a payload file that is missing', 'enqueue well --payload @/none/payload.json', 66, /\/none\/payload\.json/, /./],
    ['a prompt file that is missing', 'new brief --prompt @/none/prompt.md', 66, /\/none\/prompt\.md/, /./],
  ];
  const desk: Desk = createDesk();
  desk.shell('well', 'echo done');
  desk.shell('strict', 'cat', 'schema: { type: object, properties: { to: { type: string } } }');
  const over = (async () => String((await desk.ask('run', 'well')).said.run_id))();
  for (const [title, words, code, said, hint] of orders) {
    it(`P37 D31 ${title}`, async () => {
      const id = await over;
      const error = errorOf(await desk.ask(...words.replace('OVER', id).split(' ')));
      assert.equal(error.code, code);
      assert.match(error.message.replace(id, 'OVER'), said);
      assert.match(error.hint, hint);
    });
  }

  it('D19 status --run tells a run as it stands, from the files', async () => {
    const id = await over;
    const { code, said } = await desk.ask('status', '--run', id);
    assert.deepEqual([code, said.run_id, said.status, said.summary], [0, id, 'succeeded', 'done']);
    assert.match((await desk.tell('status', '--run', id)).stdout, /status {3}succeeded/);
  });

  it('P20 D19 status counts what is disabled, and list says when each is due, how it ended and how dangerous it is', async () => {
    const own = createDesk();
    own.shell('off', 'true', 'enabled: false');
    own.shell('well', 'echo done', 'schedule: daily 7:00', 'destructive: true', 'enabled: true');
    await own.ask('run', 'well');
    const { summary, cadences } = (await own.ask('status')).said as { summary: Record<string, number>; cadences: { name: string; status: string }[] };
    assert.deepEqual([summary.disabled, summary.healthy, cadences.map(({ status }) => status)], [1, 1, ['disabled', 'healthy']]);
    const listed = (await own.ask('list')).said.cadences as Record<string, unknown>[];
    const { schedule, destructive, last_status, consecutive_failures } = listed.find(({ name }) => name === 'well') ?? {};
    assert.match(String(schedule), /07:00|7:00/);
    assert.deepEqual([destructive, last_status, consecutive_failures], [true, 'succeeded', 0]);
  });
});
