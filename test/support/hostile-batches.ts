import { writeFileSync } from 'node:fs';
import { canonicalName, type Ends, type Expectation, type HostileCase, ID, tickText } from './hostile-cases.ts';

const GOOD = tickText().trimEnd();
const line = (more: object): string => tickText(more).trimEnd();
const repeated = (count: number, text: string): string => `${Array.from({ length: count }, () => text).join('\n')}\n`;

function batch(name: string, bytes: string | Buffer, expect: Expectation): HostileCase {
  return { name: `a batch: ${name}`, expect, make: ({ inbox }) => writeFileSync(`${inbox}/many.ndjson`, bytes) };
}

const ends = (runs: number, malformed = 0): Ends => ({ runs, malformed });

export const BATCH_CASES: readonly HostileCase[] = [
  batch('empty', '', 'gone'),
  batch('nothing but blank lines', '\n\n  \n\t\n\r\n', 'gone'),
  batch('one good line', `${GOOD}\n`, ends(1)),
  batch('no newline at the end', `${GOOD}\n${GOOD}`, ends(2)),
  batch('CRLF', `${GOOD}\r\n${GOOD}\r\n`, ends(2)),
  batch('blank lines between', `\n\n${GOOD}\n\n\n${GOOD}\n\n`, ends(2)),
  batch('a byte order mark', `\uFEFF${GOOD}\n${GOOD}\n`, ends(2)),
  batch('nothing but a byte order mark', '\uFEFF\n', 'gone'),
  batch('one bad line first', `bad\n${GOOD}\n${GOOD}\n`, ends(2, 1)),
  batch('one bad line in the middle', `${GOOD}\nbad\n${GOOD}\n`, ends(2, 1)),
  batch('one bad line last', `${GOOD}\n${GOOD}\nbad\n`, ends(2, 1)),
  batch('half a line last, with no newline', `${GOOD}\n${GOOD.slice(0, 20)}`, ends(1, 1)),
  batch('all bad', 'bad\n{}\n[]\n12\nnull\n', ends(0, 5)),
  batch('the same bad line three times', 'bad\nbad\nbad\n', ends(0, 3)),
  batch('a pretty object over many lines', `${JSON.stringify(JSON.parse(GOOD), null, 2)}\n`, ends(0, 5)),
  batch('an array of ticks', `[${GOOD},${GOOD}]\n`, ends(0, 1)),
  batch('old Mac newlines', `${GOOD}\r${GOOD}\r`, ends(0, 1)),
  batch('the same line twice, without an id', `${GOOD}\n${GOOD}\n`, ends(2)),
  batch('the same line twice, with an id', `${line({ id: ID })}\n${line({ id: ID })}\n`, ends(1)),
  batch('the same id twice, with other words', `${line({ id: ID, payload: 1 })}\n${line({ id: ID, payload: 2 })}\n`, ends(2)),
  batch('the same id in two cadences', `${line({ id: ID })}\n${line({ id: ID, cadence: 'other' })}\n`, ends(2)),
  batch('the same id at two times', `${line({ id: ID, due_at: '2026-11-20T01:00:00Z' })}\n${line({ id: ID, due_at: '2026-11-20T02:00:00Z' })}\n`, ends(2)),
  batch('ids that are none', ['a/b', '../../x', '', 'UPPER', 7, null, {}].map((id) => `${line({ id })}\n`).join(''), ends(7)),
  batch('the same key twice', `${line({ key: 'k', payload: 1 })}\n${line({ key: 'k', payload: 2 })}\n`, ends(1)),
  batch('the same key at two times', `${line({ key: 'k', due_at: '2026-11-20T01:00:00Z' })}\n${line({ key: 'k', due_at: '2026-11-20T02:00:00Z' })}\n`, ends(1)),
  batch('the same key in two cadences', `${line({ key: 'k' })}\n${line({ key: 'k', cadence: 'other' })}\n`, ends(2)),
  batch('the same slot twice', `${line({ slot: 's' })}\n${line({ slot: 's' })}\n`, ends(1)),
  batch('a line of 300 KB', `${GOOD}\n${line({ payload: 'x'.repeat(300 * 1024) })}\n${GOOD}\n`, ends(2, 1)),
  batch('a line of 5 MB', `${GOOD}\n${line({ payload: 'x'.repeat(5 * 1024 * 1024) })}\n${GOOD}\n`, ends(2, 1)),
  batch('a line nested 100,000 deep', `${GOOD}\n${'['.repeat(100_000)}${']'.repeat(100_000)}\n${GOOD}\n`, ends(2, 1)),
  batch('a line of NULs', `${GOOD}\n${'\0'.repeat(4096)}\n${GOOD}\n`, ends(2, 1)),
  batch('cadences that lead out', `${line({ cadence: '../../x' })}\n${GOOD}\n`, ends(1, 1)),
  batch('due in year 1 and in 9999', `${line({ due_at: '0001-01-01T00:00:00Z' })}\n${line({ due_at: '9999-12-31T00:00:00Z' })}\n`, ends(2)),
  batch('a report that claims 900,000 attempts', `${line({ dead: { attempts: 900_000 } })}\n`, ends(1)),
  batch('not UTF-8', Buffer.concat([Buffer.from(`${GOOD}\n`), Buffer.from([0xff, 0xfe, 0x0a])]), 'dead malformed'),
  batch('UTF-16 without a mark', Buffer.from(`${GOOD}\n${GOOD}\n`, 'utf16le'), ends(0, 3)),
  batch('UTF-16 with its mark', Buffer.from(`\uFEFF${GOOD}\n${GOOD}\n`, 'utf16le'), 'dead malformed'),
  batch('1,000 good lines', repeated(1_000, GOOD), ends(1_000)),
  batch('300 bad lines', repeated(300, 'bad'), ends(0, 300)),
  batch('100,000 blank lines and a good one', `${'\n'.repeat(100_000)}${GOOD}\n`, ends(1)),
  {
    name: 'two batches with the same id',
    expect: ends(2),
    make({ inbox }) {
      writeFileSync(`${inbox}/one.ndjson`, `${line({ id: ID, payload: 1 })}\n`);
      writeFileSync(`${inbox}/two.ndjson`, `${line({ id: ID, payload: 2 })}\n`);
    },
  },
  {
    name: 'a batch with the key of a foreign file',
    expect: ends(1),
    make({ inbox }) {
      writeFileSync(`${inbox}/one.json`, tickText({ key: 'k' }));
      writeFileSync(`${inbox}/two.ndjson`, `${line({ key: 'k' })}\n`);
    },
  },
  {
    name: 'a batch with the id of a canonical file',
    expect: ends(2),
    make({ inbox }) {
      writeFileSync(`${inbox}/${canonicalName()}`, tickText({ payload: 1 }));
      writeFileSync(`${inbox}/many.ndjson`, `${line({ id: ID, payload: 2 })}\n`);
    },
  },
  {
    name: 'two canonical files with one id',
    expect: ends(2),
    make({ inbox }) {
      writeFileSync(`${inbox}/${canonicalName()}`, tickText());
      writeFileSync(`${inbox}/${canonicalName('nightly', ID, 1)}`, tickText());
    },
  },
  {
    name: 'two canonical files with one id, one of another cadence',
    expect: ends(2),
    make({ inbox }) {
      writeFileSync(`${inbox}/${canonicalName()}`, tickText());
      writeFileSync(`${inbox}/${canonicalName('other')}`, tickText({ cadence: 'other' }));
    },
  },
  {
    name: 'two foreign files with one key',
    expect: ends(1),
    make({ inbox }) {
      writeFileSync(`${inbox}/one.json`, tickText({ key: 'k' }));
      writeFileSync(`${inbox}/two.json`, tickText({ key: 'k' }));
    },
  },
];
