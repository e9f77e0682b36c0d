import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseDeadName } from '../../lib/core/tick.ts';
import { readTick } from '../../lib/wire/tick.ts';
import { inFastFolder } from '../support/fast-folder.ts';
import { canonicalName, deadName, type HostileYard, hostileYard, tickText } from '../support/hostile-cases.ts';
import { claimedIds, playToRest, takeBeside, treeOf } from '../support/hostile-check.ts';

/** One file of any name with any bytes: it ends in exactly one of runs, dead and left, and a restart changes nothing. */
async function checkOneEnd(file: string, bytes: string | Uint8Array): Promise<'runs' | 'dead' | 'left' | 'gone'> {
  const yard: HostileYard = inFastFolder(() => hostileYard());
  const { bus } = yard;
  writeFileSync(`${yard.inbox}/${file}`, bytes);
  await takeBeside(yard);
  const claims = await playToRest(yard);
  const dead = bus.ls('dlq');
  const left = bus.ls('inbox');
  assert.deepEqual([claimedIds(yard).length, bus.ls('waiting'), bus.ls('tmp')], [claims.length, [], []]);
  for (const name of dead) assert.ok(parseDeadName(name) !== undefined, name);
  const before = treeOf(bus.paths.state);
  assert.equal((await bus.again().orphans()).length, claims.length);
  assert.deepEqual(await playToRest(yard, bus.again()), []);
  const next = bus.again();
  await next.orphans();
  await playToRest(yard, next);
  assert.deepEqual(treeOf(bus.paths.state), before);
  if (!file.endsWith('.ndjson')) assert.equal(claims.length + dead.length + left.length, 1, `${file}: ${bus.news}`);
  return claims.length > 0 ? 'runs' : dead.length > 0 ? 'dead' : left.length > 0 ? 'left' : 'gone';
}

const RUNS = { numRuns: 300 };
const anyName = fc.constantFrom('odd.json', canonicalName(), deadName('exhausted'), deadName('malformed'), 'odd.ndjson');
/** Bytes that look like a tick in places. */
const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 400, size: 'max' }),
  fc.tuple(fc.nat(tickText().length), fc.nat(tickText().length), fc.uint8Array({ maxLength: 3 })).map(([from, length, put]) => {
    const text = Buffer.from(tickText());
    return Buffer.concat([text.subarray(0, from), put, text.subarray(from + (length % 5))]);
  }),
);
const fileName = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 60, size: 'max' })
  .map((text) => Buffer.from(text.replaceAll('/', '_').replaceAll('\0', '_')).toString())
  .filter((text) => text !== '.' && text !== '..');
const anyValue = fc.oneof(fc.jsonValue(), fc.object({ withNullPrototype: false }), fc.string(), fc.double());
const FIELDS = ['cadence', 'source', 'enqueued_at', 'key', 'slot', 'expires_at', 'parent_run', 'depth', 'dead', 'id', 'due_at', 'payload', 'raw', '__proto__'];

describe('whatever lies in the inbox', () => {
  it('ends in one place, for any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(anyName, anyBytes, async (file, bytes) => void (await checkOneEnd(file, bytes))),
      RUNS,
    );
  });

  it('ends in one place, for any legal name', async () => {
    await fc.assert(
      fc.asyncProperty(fileName, fc.constantFrom('', '.json', '.ndjson', '.exhausted.json'), async (stem, ending) => {
        const end = await checkOneEnd(`${stem}${ending}`, tickText());
        const isTick = /\.(nd)?json$/.test(`${stem}${ending}`) && !stem.startsWith('.') && !stem.includes('\uFFFD') && `${stem}${ending}` !== ending;
        assert.equal(end, isTick ? 'runs' : 'left');
      }),
      RUNS,
    );
  });

  it('ends in one place, for any JSON', async () => {
    await fc.assert(
      fc.asyncProperty(anyName, fc.jsonValue(), async (file, value) => void (await checkOneEnd(file, `${JSON.stringify(value)}\n`))),
      RUNS,
    );
  });

  it('ends in one place, for any value in any field of a tick', async () => {
    await fc.assert(
      fc.asyncProperty(anyName, fc.constantFrom(...FIELDS), fc.jsonValue(), async (file, field, value) => {
        await checkOneEnd(file, `{"cadence":"nightly",${JSON.stringify(field)}:${JSON.stringify(value)}}\n`);
      }),
      RUNS,
    );
  });

  it('is read without a throw, and a tick that is read has a cadence, a source and a time', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...FIELDS), anyValue), fc.boolean(), (value, isNightly) => {
        const reading = readTick(JSON.stringify(isNightly ? { ...value, cadence: 'nightly' } : value), '2026-11-20T06:00:00.000Z');
        if (reading.kind === 'malformed') return assert.ok(reading.because.length > 0);
        assert.match(reading.tick.cadence, /^[a-z0-9][a-z0-9-]{0,48}[a-z0-9]$/);
        assert.equal(typeof reading.tick.source, 'string');
        assert.ok(!Number.isNaN(Date.parse(reading.tick.enqueued_at)));
        assert.ok(reading.tick.dead === undefined || Number.isInteger(reading.tick.dead.attempts));
        assert.ok(reading.id === undefined || /^[a-z0-9]{12}$/.test(reading.id));
      }),
      { numRuns: 5_000 },
    );
  });
});
