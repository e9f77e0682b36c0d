import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { takeAudit } from '../../lib/app/answers/audit.ts';
import { createReading } from '../../lib/app/reading.ts';
import { createFiles } from '../../lib/platform/files.ts';
import { createDesk } from '../support/cli.ts';
import { tempRoot } from '../support/temp-root.ts';

const TICK = '20261120T070000000Z.backup.x7k2p9qd4mzt.0.json';
const LATER = '20261120T080000000Z.backup.a7k2p9qd4mzt.0.json';

for (const isOfOneMoment of [false, true])
  it(`the drop zone is looked at ${isOfOneMoment ? 'once, and every part of an answer tells of the same' : 'whenever it is asked for'}`, () => {
    const root = tempRoot();
    const inbox = join(root, 'state/cadence-bus/inbox');
    mkdirSync(inbox, { recursive: true });
    for (const name of [TICK, 'morning.json', '.hidden']) writeFileSync(join(inbox, name), '{}\n');
    const files = createFiles();
    let looks = 0;
    const list: typeof files.list = (dir) => {
      if (dir === inbox) looks += 1;
      return files.list(dir);
    };
    const reading = createReading(root, { ...files, list }, { isOfOneMoment });
    const seen = (): readonly unknown[] => [reading.names('inbox').length, reading.foreign()];
    assert.deepEqual(seen(), [1, ['morning.json']]);
    for (const name of [LATER, 'evening.json']) writeFileSync(join(inbox, name), '{}\n');
    const [ticks, foreign] = seen() as [number, string[]];
    assert.deepEqual([ticks, foreign.toSorted()], isOfOneMoment ? [1, ['morning.json']] : [2, ['evening.json', 'morning.json']]);
    assert.equal(looks, isOfOneMoment ? 1 : 4);
  });

it('of however many files that are left alone an answer names a few, and how many there are', async () => {
  const desk = createDesk();
  for (let n = 0; n < 1000; n += 1) desk.put(`state/cadence-bus/inbox/junk-${n}.txt`, '');
  for (const verb of ['status', 'top']) {
    const { said } = await desk.ask(verb);
    assert.deepEqual([(said.left_alone as string[]).length, said.left_alone_count], [20, 1000], verb);
  }
  assert.match((await desk.tell('status')).stdout, /junk-0\.txt, .* and 995 more$/m);
});

it('what its name keeps from ever becoming a tick is counted nowhere, and status and doctor say that it lies there', async () => {
  const desk = createDesk();
  desk.shell('well', 'true');
  for (const file of ['readme.txt', 'x\uFFFD.json', '.hidden', 'a.json.part']) desk.put(`state/cadence-bus/inbox/${file}`, '{"cadence":"well"}\n');
  const left = ['a.json.part', 'readme.txt', 'x\uFFFD.json'];
  const { said } = await desk.ask('status');
  assert.deepEqual([(said.counts as Readonly<Record<string, number>>).inbox, said.left_alone], [0, left]);
  assert.match((await desk.tell('status')).stdout, /^! In the inbox, no tick and left alone: a\.json\.part, readme\.txt, x\uFFFD\.json$/m);
  const { enqueued, waiting } = takeAudit(desk.root);
  assert.deepEqual([enqueued, waiting], [0, 0]);
  const drained = JSON.parse((await desk.spawn(['start', '--drain', '--json']).ended).stdout.trimEnd().split('\n').at(-1) as string) as { waiting: number };
  assert.equal(drained.waiting, 0);
  const strays = ((await desk.ask('doctor')).said.checks as readonly Readonly<Record<string, string>>[]).find(({ id }) => id === 'strays');
  assert.match(strays?.detail ?? '', /^3 files are no tick and left alone/);
  desk.put('state/cadence-bus/inbox/morning.json', '{"cadence":"well"}\n');
  assert.deepEqual([((await desk.ask('status')).said.counts as Readonly<Record<string, number>>).inbox, takeAudit(desk.root).waiting], [1, 1]);
});

it('show has every default filled in, the overlap of ticks too', async () => {
  const desk = createDesk();
  desk.shell('well', 'true');
  desk.shell('short', 'true', 'overlap: skip');
  const overlapOf = async (name: string): Promise<unknown> => ((await desk.ask('show', name)).said.cadence as Readonly<Record<string, unknown>>).overlap;
  assert.deepEqual([await overlapOf('well'), await overlapOf('short')], ['scheduled ticks coalesce, others queue', 'skip']);
});

it('a name that no cadence ever had is in status as long as its tick lies in the dlq', async () => {
  const desk = createDesk();
  desk.shell('well', 'true');
  await desk.enqueue('wel');
  assert.equal((await desk.spawn(['start', '--drain']).ended).code, 0);
  const names = async (): Promise<unknown> => ((await desk.ask('status')).said.cadences as readonly { readonly name: string }[]).map(({ name }) => name);
  assert.deepEqual(await names(), ['wel', 'well']);
  assert.equal((await desk.ask('dlq', 'purge', '--all')).code, 0);
  assert.deepEqual(await names(), ['well']);
  assert.equal((await desk.ask('runs', 'wel')).code, 0, 'what became of its tick is still told');
});
