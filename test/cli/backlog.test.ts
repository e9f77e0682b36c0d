import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { it } from 'node:test';
import { explainOn } from '../../lib/app/answers/why.ts';
import { explainAll } from '../../lib/app/answers/why-all.ts';
import { readWhyGround, type WhyGround } from '../../lib/app/answers/why-ground.ts';
import { formatBatchName } from '../../lib/core/batch.ts';
import { pathsOf } from '../../lib/core/paths.ts';
import { formatTickName } from '../../lib/core/tick.ts';
import { toIso } from '../../lib/core/time/instant.ts';
import { createSlotLedger } from '../../lib/history/slot-ledger.ts';
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

it('why of all looks at each folder once, however many cadences wait, and reads each definition once', async () => {
  const desk = createDesk();
  const { waiting, dlq, cadences: folder } = pathsOf(desk.root);
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
  const looksAt = (asked: string): number => looks.filter((dir) => dir === asked).length;
  // The names first, then what the files say.
  assert.deepEqual([looksAt(waiting), looksAt(dlq), looksAt(folder)], [1, 1, 2]);
});

/** The ledger of a schedule that holds since two hours ago, and the last slot that came. */
function keepHourly(): { readonly root: string; readonly slot: string; readonly fire: (ts: string) => void } {
  const desk = createDesk();
  desk.shell('job', 'true', 'schedule: every 1h', 'timezone: UTC');
  const { slots } = pathsOf(desk.root);
  mkdirSync(slots, { recursive: true });
  const note = (line: object): void => appendFileSync(`${slots}/${toIso(Date.now()).slice(0, 10)}.jsonl`, `${JSON.stringify(line)}\n`);
  const plan = { lines: ['every 1h'], zone: 'UTC', catchup: 'latest', window_ms: null, stagger_ms: 0, jitter_ms: 0, scheduler: 'builtin' };
  const from = toIso(Date.now() - 7_200_000);
  note({ ts: from, kind: 'plan', cadence: 'job', from, plan, was: null, because: 'it is new' });
  const slot = `${toIso(Math.floor(Date.now() / 3_600_000) * 3_600_000).slice(0, 19)}Z`;
  return { root: desk.root, slot, fire: (ts) => note({ ts, kind: 'fired', cadence: 'job', slot, due: slot, tick: 'x7k2p9qd4mzt', by: 'schedule' }) };
}

async function endOf(ground: WhyGround, slot: string): Promise<readonly unknown[]> {
  const found = (await explainOn(ground, 'job', { at: undefined, sinceMs: undefined })).slots.find(({ at }) => at === slot);
  return [found?.end, found?.because];
}

const GONE = ['missed', 'its tick was put and is gone: somebody has removed it'];

it('a slot that is fired while why looks is not called removed', async () => {
  const { root, slot, fire } = keepHourly();
  const ground = await readWhyGround(root);
  fire(toIso(ground.atMs + 1));
  assert.deepEqual(await endOf(ground, slot), ['waiting', 'its tick was put this moment']);
});

it('nor is the tick that a disk refuses to its owner', async () => {
  const { root, slot, fire } = keepHourly();
  fire(toIso(Date.now()));
  const owned = { ...(await readWhyGround(root)), owner: { kind: 'silent', info: undefined } } as const;
  assert.deepEqual(await endOf(owned, slot), GONE);
  const refused = { ...owned, refused: async () => 'cannot write waiting/: EROFS' };
  assert.deepEqual(await endOf(refused, slot), ['waiting', 'its tick could not be put yet: cannot write waiting/: EROFS']);
  // Another that was fired since was put, so this one was, too.
  const later = { ...refused, ledger: { ...refused.ledger, lastFired: () => [] } };
  assert.deepEqual(await endOf(later, slot), GONE);
});

it('why does not go back through the ledger to the day on which a dead owner began', async () => {
  const desk = createDesk();
  const paths = pathsOf(desk.root);
  const files = createFiles();
  const beginMs = Date.now() - 5 * 86_400_000;
  let nowMs = beginMs;
  const ledger = createSlotLedger({ files, paths, clock: { nowMs: () => nowMs, breathe: async () => undefined } });
  const plan = { lines: ['every 1h'], zone: 'UTC', catchup: 'latest', window_ms: null, stagger_ms: 0, jitter_ms: 0, scheduler: 'builtin' } as const;
  const from = toIso(beginMs);
  ledger.append([{ ts: from, kind: 'started', because: '' }]);
  for (const cadence of ['one', 'two']) {
    desk.shell(cadence, 'true', 'schedule: every 1h', 'timezone: UTC');
    ledger.append([{ ts: from, kind: 'plan', cadence, from, plan, was: null, because: 'it is new' }]);
  }
  nowMs = Date.now();
  ledger.append([{ ts: toIso(nowMs), kind: 'ignored', cadence: 'one', until: toIso(nowMs) }]);
  ledger.save();
  ledger.close();
  const seen: string[] = [];
  const spied = new Proxy(files, {
    get: (all, name: keyof typeof files) => {
      const own = all[name] as (...words: unknown[]) => unknown;
      return (...words: unknown[]): unknown => {
        if (name === 'readRange' || name === 'open' || name === 'read') seen.push(String(words[0]));
        return own(...words);
      };
    },
  });
  const { cadences } = await explainAll(desk.root, undefined, spied);
  const [first] = cadences.map(({ slots }) => slots.at(-1)?.because ?? '');
  assert.match(first ?? '', /^no owner is running \(the last one died\)/);
  assert.deepEqual(
    seen.filter((path) => path.startsWith(paths.slots) && path.includes(from.slice(0, 10))),
    [],
  );
  assert.equal(seen.filter((path) => path.endsWith('cursors.json')).length, 1);
});
