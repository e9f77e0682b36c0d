import assert from 'node:assert/strict';
import { lstatSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { createReading } from '../../lib/app/reading.ts';
import { batchOfProgress, parseBatchName } from '../../lib/core/batch.ts';
import { parseDeadName, parseTickName } from '../../lib/core/tick.ts';
import type { Claim, Queue } from '../../lib/ports.ts';
import { type Ends, type Expectation, endsOf, type HostileCase, type HostileYard, SECRET, tickText } from './hostile-cases.ts';

const BESIDE = 'beside';
const BESIDE_ID = 'beside000000';
const MAX_ROUNDS = 5_000;

export function titleOf({ name, expect }: HostileCase): string {
  return `${name} → ${typeof expect === 'string' ? expect : JSON.stringify(expect)}`;
}

/** Takes all that is pending, whatever is due. `tried` counts also what turned out to be no tick. */
export async function takeAll(queue: Queue): Promise<{ readonly claims: readonly Claim[]; readonly tried: number }> {
  const claims: Claim[] = [];
  let tried = 0;
  for (const cadence of [...queue.cadences()]) {
    for (let head = queue.head(cadence); head !== undefined; head = queue.head(cadence)) {
      const claim = await queue.take(head);
      tried += 1;
      if (claim !== undefined) claims.push(claim);
    }
  }
  return { claims, tried };
}

/** Refreshes and takes until the queue says that only an arrival can change anything; time moves when it asks for it. */
export async function playToRest({ bus }: HostileYard, queue: Queue = bus.queue): Promise<readonly Claim[]> {
  const claims: Claim[] = [];
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const againMs = await queue.refresh();
    const taken = await takeAll(queue);
    claims.push(...taken.claims);
    if (taken.tried > 0) continue;
    if (againMs === undefined) return claims;
    bus.clock.set(Math.max(againMs, bus.clock.nowMs()));
  }
  throw new Error('it never comes to rest');
}

/** Every path under a folder with what it is; links are not followed. */
export function treeOf(dir: string): Readonly<Record<string, string>> {
  const tree: Record<string, string> = {};
  const walk = (folder: Buffer): void => {
    for (const name of readdirSync(folder, { encoding: 'buffer' })) {
      const path = Buffer.concat([folder, Buffer.from('/'), name]);
      const stats = lstatSync(path);
      tree[path.toString('latin1')] = `${stats.mode.toString(8)} ${stats.isDirectory() ? '' : `${stats.size} ${stats.mtimeMs} ${stats.ino}`}`;
      if (stats.isDirectory()) walk(path);
    }
  };
  walk(Buffer.from(dir));
  return tree;
}

function regularFiles(dir: string, limitBytes: number): readonly string[] {
  return Object.keys(treeOf(dir)).filter((path) => {
    const stats = lstatSync(Buffer.from(path, 'latin1'));
    return stats.isFile() && stats.size <= limitBytes;
  });
}

/** A good tick of another cadence is claimed in the first round, whatever lies beside it. */
export async function takeBeside({ bus }: HostileYard): Promise<void> {
  bus.drop(bus.canonical(BESIDE, BESIDE_ID), tickText({ cadence: BESIDE }));
  await bus.queue.refresh();
  const head = bus.queue.head(BESIDE);
  assert.ok(head !== undefined, 'the good tick beside it was not seen');
  const claim = await bus.queue.take(head);
  assert.equal(claim?.name.id, BESIDE_ID);
  assert.equal(await bus.queue.settle(claim as Claim, { to: 'finished', status: 'succeeded', because: '' }, []), true);
}

/** Plays one case to its rest and checks all that holds for every case. */
export async function checkCase(yard: HostileYard, expect: Expectation, isDeep: boolean): Promise<void> {
  const { bus } = yard;
  const outside = treeOf(yard.outside);
  const deadBefore = new Map(bus.ls('dlq').map((file) => [file, readFileSync(`${bus.paths.dlq}/${file}`, 'utf8')]));
  const texts = regularFiles(yard.inbox, 1024 * 1024).map((path) => readFileSync(Buffer.from(path, 'latin1')));
  await takeBeside(yard);
  const claims = await playToRest(yard);
  const dead = bus.ls('dlq').filter((file) => !deadBefore.has(file));
  const reasons = dead.map((file) => parseDeadName(file)?.reason);
  const ends = {
    runs: claims.length,
    malformed: reasons.filter((reason) => reason === 'malformed').length,
    rejected: reasons.filter((reason) => reason === 'rejected').length,
    left: bus.ls('inbox').length,
  };
  assert.deepEqual(ends, endsOf(expect), bus.news.join('\n'));
  assert.equal(dead.length, ends.malformed + ends.rejected, `dlq holds ${dead}`);
  checkPlaces(yard, claims);
  checkNews(yard, ends);
  for (const file of dead) if (file.includes('.malformed.')) checkReadable(yard, file, texts, expect);
  await checkRestart(yard);
  if (claims.length <= 4) await checkRevival(yard, claims, isDeep);
  for (const [file, text] of deadBefore) assert.equal(readFileSync(`${bus.paths.dlq}/${file}`, 'utf8'), text, `${file} was changed`);
  assert.deepEqual(treeOf(yard.outside), outside, 'something outside the root was changed');
  for (const path of regularFiles(bus.root, 1024 * 1024))
    assert.ok(!readFileSync(Buffer.from(path, 'latin1')).includes(SECRET), `${path} holds what lies outside the root`);
}

/** The ticks that run, each from a file of its own or from a line of a batch. */
export function claimedIds({ bus }: HostileYard): readonly string[] {
  return createReading(bus.root)
    .names('claimed')
    .map(({ id }) => id);
}

function isOfBatch(file: string): boolean {
  return (parseBatchName(file) ?? batchOfProgress(file)) !== undefined;
}

/** What runs lies in claimed/, once, and nothing is left over anywhere. */
function checkPlaces(yard: HostileYard, claims: readonly Claim[]): void {
  const { bus } = yard;
  const ids = claims.map(({ name }) => name.id);
  assert.equal(new Set(ids).size, ids.length, 'two runs have one id');
  assert.deepEqual(claimedIds(yard).toSorted(), ids.toSorted());
  assert.deepEqual([bus.ls('waiting'), bus.ls('tmp')], [[], []]);
  assert.equal(bus.ls('claimed').filter((file) => parseTickName(file) === undefined && !isOfBatch(file)).length, 0);
  for (const { name, tick } of claims) {
    assert.match(name.id, /^[a-z0-9]{12}$/);
    assert.equal(tick.cadence, name.cadence);
    assert.notEqual(name.cadence, 'canary');
  }
}

function checkNews({ bus }: HostileYard, ends: Required<Ends>): void {
  const told = (word: string): number => bus.news.filter((line) => line.startsWith(word)).length;
  assert.equal(told('dead malformed'), ends.malformed);
  assert.equal(told('dead rejected'), ends.rejected);
  const hidden = bus.ls('inbox').filter((file) => file.startsWith('.')).length;
  assert.equal(told('left'), ends.left - hidden, bus.news.join('\n'));
}

/** The text is in the report, or the file is what it was. */
function checkReadable({ bus }: HostileYard, file: string, texts: readonly Buffer[], expect: Expectation): void {
  const path = `${bus.paths.dlq}/${file}`;
  if (lstatSync(path).size > 16 * 1024 * 1024) return;
  const bytes = readFileSync(path);
  if (texts.some((text) => text.equals(bytes)) || texts.some((text) => bytes.length > 256 * 1024 && text.includes(bytes))) return;
  if (bytes.length > 256 * 1024 && !bytes.subarray(0, 16).toString().includes('"raw"')) return;
  const told = JSON.parse(bytes.toString('utf8'));
  assert.equal(told.dead.reason, 'malformed');
  assert.ok(told.dead.because.length > 0);
  if (expect !== 'dead malformed') return;
  const isKept = texts.some((text) => text.toString('utf8') === told.raw || parseRaw(text)?.raw === told.raw);
  assert.ok(isKept, `the text is not kept: ${String(told.raw).slice(0, 200)}`);
}

function parseRaw(text: Buffer): { raw?: unknown } | undefined {
  try {
    return JSON.parse(text.toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Another owner over the same folders finds the same claims, and nothing to do. */
async function checkRestart(yard: HostileYard): Promise<void> {
  const { bus } = yard;
  const before = treeOf(bus.paths.state);
  const claimed = claimedIds(yard);
  const next = bus.again();
  const orphans = await next.orphans();
  assert.deepEqual(orphans.map(({ name }) => name.id).toSorted(), claimed.toSorted());
  assert.deepEqual(await playToRest(yard, next), []);
  assert.deepEqual(treeOf(bus.paths.state), before, 'a restart changed something');
}

/** What runs may fail for good and be put back by hand: it says why, loses nothing, and runs again. */
async function checkRevival(yard: HostileYard, claims: readonly Claim[], isDeep: boolean): Promise<void> {
  const { bus } = yard;
  for (const { name, tick } of claims) {
    const claim: Claim = { name, tick };
    const dead = { ...name, reason: 'exhausted' as const };
    assert.equal(await bus.queue.settle(claim, { to: 'dlq', status: 'dead', name: dead, because: 'exit 1: boom' }, []), true);
    const file = bus.ls('dlq').find((other) => other.includes(`.${name.id}.${name.attempts}.exhausted.json`)) as string;
    const path = `${bus.paths.dlq}/${file}`;
    assert.equal(JSON.parse(readFileSync(path, 'utf8')).dead.because, 'exit 1: boom');
    renameSync(path, `${yard.inbox}/${file}`);
    const [again, ...more] = await playToRest(yard, bus.again());
    assert.ok(again !== undefined && more.length === 0, `${file} did not run again: ${bus.news.slice(-2)}`);
    assert.equal(again.name.id, name.id);
    assert.ok((again.tick.dead?.attempts ?? 0) >= Math.min(name.attempts, 900_000), 'what it had spent is counted again');
    if (!isDeep) assert.deepEqual(again.tick.payload, tick.payload);
    assert.equal(await bus.queue.settle(again, { to: 'finished', status: 'succeeded', because: '' }, []), true);
  }
}
