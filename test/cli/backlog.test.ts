import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { it } from 'node:test';
import { explainOn } from '../../lib/app/answers/why.ts';
import { explainAll } from '../../lib/app/answers/why-all.ts';
import { readWhyGround } from '../../lib/app/answers/why-ground.ts';
import { formatBatchName } from '../../lib/core/batch.ts';
import { pathsOf } from '../../lib/core/paths.ts';
import { formatTickName } from '../../lib/core/tick.ts';
import { createFiles } from '../../lib/platform/files.ts';
import { createDesk } from '../support/cli.ts';

/** More than a call can have arguments. */
const MANY = 150_000;

it('a backlog of any length is told: in the rows of status, in why, and in the proof of audit', async () => {
  const desk = createDesk();
  desk.shell('flat', 'true');
  const { claimed } = pathsOf(desk.root);
  mkdirSync(claimed, { recursive: true });
  writeFileSync(`${claimed}/${formatBatchName({ id: 'x7k2p9qd4mzt', label: 'lot' })}`, '{"cadence":"flat","source":"library"}\n'.repeat(MANY));
  const why = await desk.tell('why', 'flat');
  assert.equal(why.code, 0, why.stderr);
  assert.match(why.stdout, new RegExp(`${MANY} ticks wait`));
  const [status, audit] = [await desk.ask('status', 'flat'), await desk.ask('audit')];
  assert.deepEqual([status.code, (status.said.counts as Readonly<Record<string, unknown>>).waiting], [0, MANY]);
  assert.deepEqual([audit.code, audit.said.waiting, audit.said.missing], [0, MANY, []]);
});

it('why of all looks at each folder of ticks once, however many cadences wait', async () => {
  const desk = createDesk();
  const { waiting, dlq } = pathsOf(desk.root);
  for (const dir of [waiting, dlq]) mkdirSync(dir, { recursive: true });
  const cadences = Array.from({ length: 12 }, (_, n) => `job-${n}`);
  for (const [n, cadence] of cadences.entries()) {
    desk.shell(cadence, 'true');
    const name = formatTickName({ dueMs: 1_000, cadence, id: `x7k2p9qd4m${String(n).padStart(2, '0')}`, attempts: 0 });
    writeFileSync(`${waiting}/${name}`, `{"cadence":"${cadence}","source":"cli"}\n`);
    writeFileSync(`${dlq}/${name.replace('.0.json', '.1.exhausted.json')}`, '{}\n');
  }
  const files = createFiles();
  const looks: string[] = [];
  const list: typeof files.list = (dir) => {
    looks.push(dir);
    return files.list(dir);
  };
  const { cadences: told } = await explainAll(desk.root, undefined, { ...files, list });
  assert.deepEqual(
    told.map(({ cadence, facts }) => [cadence, facts.includes('1 tick waits'), facts.includes('1 tick of it lies in the dlq')]),
    cadences.toSorted().map((cadence) => [cadence, true, true]),
  );
  assert.deepEqual([looks.filter((dir) => dir === waiting).length, looks.filter((dir) => dir === dlq).length], [1, 1]);
});

it('a slot that is fired while why looks is not called removed', async () => {
  const desk = createDesk();
  desk.shell('job', 'true', 'schedule: every 1h', 'timezone: UTC');
  const { slots } = pathsOf(desk.root);
  mkdirSync(slots, { recursive: true });
  const iso = (ms: number): string => new Date(ms).toISOString();
  const note = (line: object): void => appendFileSync(`${slots}/${iso(Date.now()).slice(0, 10)}.jsonl`, `${JSON.stringify(line)}\n`);
  const plan = { lines: ['every 1h'], zone: 'UTC', catchup: 'latest', window_ms: null, stagger_ms: 0, jitter_ms: 0, scheduler: 'builtin' };
  const from = iso(Date.now() - 7_200_000);
  note({ ts: from, kind: 'plan', cadence: 'job', from, plan, was: null, because: 'it is new' });
  const ground = await readWhyGround(desk.root);
  const [first] = (await explainOn(ground, 'job', { at: undefined, sinceMs: undefined })).slots;
  const fired = { kind: 'fired', cadence: 'job', slot: first?.at, due: first?.at, tick: 'x7k2p9qd4mzt', by: 'schedule' };
  note({ ts: iso(ground.atMs + 1), ...fired });
  const [told] = (await explainOn(ground, 'job', { at: undefined, sinceMs: undefined })).slots;
  assert.deepEqual([told?.end, told?.because], ['waiting', 'its tick was put this moment']);
});
