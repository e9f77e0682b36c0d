import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { normalMessage, traceWords } from '../../../lib/core/trace/fingerprint.ts';
import { readTraces } from '../../../lib/core/trace/stack-trace.ts';

const FOLDER = new URL('../../fixtures/traces/', import.meta.url).pathname;

/** The identities of all that a log tells, each once. */
function identities(text: string): readonly string[] {
  const all = readTraces(text).map((trace) => JSON.stringify(traceWords(trace) ?? trace.exceptions.map(({ type, message }) => [type, normalMessage(message)])));
  return [...new Set(all)];
}

const ofFile = (name: string): readonly string[] => identities(readFileSync(`${FOLDER}${name}.log`, 'utf8'));
const hex = (length: number) => fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });
const two = (most: number) => fc.integer({ min: 0, max: most }).map((n) => String(n).padStart(2, '0'));

describe('the fingerprint of a message', () => {
  const changing = {
    'an address in memory': hex(8).map((word) => `0x${word}`),
    'a UUID': fc.uuid(),
    'a number': fc.integer({ min: 0 }).map(String),
    'a time': fc.tuple(two(23), two(59), two(59)).map((parts) => parts.join(':')),
    'an instant': fc.date({ min: new Date(0), max: new Date('2099-01-01'), noInvalidDate: true }).map((date) => date.toISOString()),
    'an address of the network': fc.ipV4(),
    'a run id': fc.tuple(hex(6), fc.integer({ min: 100_000, max: 999_999 })).map(([a, n]) => `x${a}${n}-1`),
    'a file by its folders': fc
      .array(fc.string({ unit: fc.constantFrom(...'abcdefg'), minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 4 })
      .map((parts) => `/${parts.join('/')}/job.py`),
    'a place in a file': fc.integer({ min: 1, max: 9999 }).map((n) => `job.py:${n}`),
  };
  for (const [what, words] of Object.entries(changing)) {
    it(`A49 does not change with ${what}`, () => {
      fc.assert(
        fc.property(words, words, (one, other) => normalMessage(`exit 3: no route to ${one} today`) === normalMessage(`exit 3: no route to ${other} today`)),
        { numRuns: 300 },
      );
    });
  }

  it('A49 changes with the words', () => {
    const messages = [
      'no route to host',
      'connection refused',
      "KeyError: 'lock'",
      "KeyError: 'results'",
      'disk full',
      'exit 3',
      'permission denied: job.py',
      'permission denied: other.py',
    ];
    assert.equal(new Set(messages.map(normalMessage)).size, messages.length);
  });

  it('takes any text, and is short', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 400, size: 'max' }), (text) => normalMessage(text).length <= 300));
    const begun = process.cpuUsage().user;
    normalMessage('/a'.repeat(100_000));
    normalMessage('a1-'.repeat(100_000));
    assert.ok(process.cpuUsage().user - begun < 2_000_000, 'it takes no time to speak of, whatever the text');
  });
});

describe('the fingerprint of a trace', () => {
  it('A49 is the same however much of it was printed, and behind whatever prefix', () => {
    const same = [
      ['rust-index-backtrace', 'rust-index-backtrace-full'],
      ['go-indexrange', 'go-run'],
      ['go-goroutine', 'go-traceback-all', 'synthetic-go-1.23'],
      ['node-simple', 'synthetic-crlf-node'],
      ['synthetic-prefix-timestamp-python', 'synthetic-json-python'],
      ['java-suppressed', 'java-source-launcher'],
    ];
    for (const names of same) assert.equal(new Set(names.map((name) => JSON.stringify(ofFile(name)))).size, 1, names.join(', '));
    assert.deepEqual(
      ['python-logging-twice', 'node-caught-logged', 'rust-thread-multiline'].map((name) => ofFile(name).length),
      [1, 1, 1],
    );
  });

  it('A49 is another for every other bug', () => {
    const known = new Map<string, string>();
    const coincide: string[] = [];
    for (const file of readdirSync(FOLDER).filter((one) => one.endsWith('.log') && !one.startsWith('synthetic'))) {
      for (const identity of identities(readFileSync(`${FOLDER}${file}`, 'utf8'))) {
        const before = known.get(identity);
        if (before !== undefined && before !== file) coincide.push(`${before} ${file}`);
        known.set(identity, file);
      }
    }
    assert.deepEqual(coincide.sort(), [
      'go-goroutine.log go-traceback-all.log',
      'go-indexrange.log go-run.log',
      'java-source-launcher.log java-suppressed.log',
      'rust-index-backtrace-full.log rust-index-backtrace.log',
    ]);
  });

  it('A49 has no line, no address and no folder of the machine in it', () => {
    for (const file of readdirSync(FOLDER).filter((one) => one.endsWith('.log'))) {
      const text = readFileSync(`${FOLDER}${file}`, 'utf8');
      const elsewhere = text.replaceAll('/home/dev/', '/Users/somebody/src/').replaceAll(/0x[0-9a-f]{6,}/g, '0x1234567');
      assert.deepEqual(identities(elsewhere), identities(text), file);
      for (const identity of identities(text)) assert.doesNotMatch(identity, /\/home|0x[0-9a-f]{4}|:\d+"/, file);
    }
  });
});
