import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { RUN_STATUSES, type RunRecord } from '../../lib/core/run.ts';
import { formatRecordLine, isRunRecord, parseRecordLine } from '../../lib/history/record-line.ts';
import { failedRun, runOf } from './log-fixture.ts';

const AT = { day: '2026-11-20', bytes: 4711 };
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('a "quoted"\n\tline \\ end', '","prev":null}', 'é', '\u0000', '\u007f', '\ud800'),
);
const maybeText = fc.option(text);
const number = fc.oneof(fc.nat(), fc.constantFrom(-1, 0.25, 1e21, 1e-7, 123456789012345680));

const records: fc.Arbitrary<RunRecord> = fc.record(
  {
    run_id: text,
    cadence: text,
    tick: text,
    attempt: number,
    status: fc.constantFrom(...RUN_STATUSES),
    reason: text,
    summary: text,
    started_at: text,
    ended_at: maybeText,
    duration_ms: number,
    exit_code: fc.option(number),
    signal: maybeText,
    cost_usd: fc.option(number),
    stdout_path: maybeText,
    stderr_path: maybeText,
    blame: fc.constantFrom('cadence', 'account', 'nobody'),
    account: text,
    key: text,
    slot: text,
    source: text,
    prompt_path: text,
    stderr_tail: text,
    retry_at: text,
    moves_to: text,
    survivors: fc.array(fc.record({ pid: fc.nat(), command: text }, { noNullPrototype: true }), { maxLength: 2 }),
    dropped_bytes: fc.nat(),
  },
  {
    requiredKeys: [
      ...(['run_id', 'cadence', 'tick', 'attempt', 'status', 'reason', 'summary', 'started_at', 'ended_at', 'duration_ms'] as const),
      ...(['exit_code', 'signal', 'cost_usd', 'stdout_path', 'stderr_path'] as const),
    ],
    noNullPrototype: true,
  },
);

/** What a reader without any cunning makes of it. */
function slowParse(line: Buffer): RunRecord | undefined {
  try {
    const { prev: _prev, ...run } = JSON.parse(line.toString('utf8'));
    return isRunRecord(run) ? run : undefined;
  } catch (error) {
    assert.ok(error instanceof SyntaxError || error instanceof TypeError);
    return undefined;
  }
}

const parse = (line: Buffer): RunRecord | undefined => parseRecordLine(line, 0, line.length)?.run;

describe('a line of the log of runs', () => {
  // The first few are read as any JSON, and by the expression only what follows.
  before(() => {
    for (let n = 0; n < 1_000; n += 1) parse(Buffer.from(formatRecordLine(runOf(), AT).trimEnd()));
  });

  it('D10 gives back every record as it was, whatever words are in it', () => {
    fc.assert(
      fc.property(records, (run) => {
        const line = formatRecordLine(run, AT);
        assert.equal(line.indexOf('\n'), line.length - 1, 'it is one line');
        const expected = JSON.parse(JSON.stringify(run)) as RunRecord;
        assert.deepEqual(parseRecordLine(Buffer.from(line), 0, Buffer.byteLength(line) - 1), { run: expected, prev: '2026-11-20:4711' });
      }),
      { numRuns: 500 },
    );
  });

  it('D10 has exactly the fields of the record, in their order, and the link', () => {
    for (const run of [failedRun({ source: 'timer' }), Object.fromEntries(Object.entries(runOf()).reverse()) as unknown as RunRecord]) {
      const line = formatRecordLine(run, null);
      assert.deepEqual(Object.keys(JSON.parse(line)), [...Object.keys(run), 'prev']);
      assert.deepEqual(parseRecordLine(Buffer.from(line), 0, line.length - 1), { run, prev: null });
    }
  });

  it('is read as a plain reader of JSON reads it, whatever bytes are changed in it', () => {
    const lines = fc.constantFrom(
      runOf(),
      failedRun({ account: 'work', source: 'timer' }),
      runOf({ exit_code: null, ended_at: null, cost_usd: 0.25, duration_ms: 0 }),
    );
    const bytes = fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('"\\{}[],:0123456789nul \u007f')));
    fc.assert(
      fc.property(lines, fc.array(fc.tuple(fc.nat(600), bytes), { maxLength: 3 }), fc.boolean(), (run, changes, isInserted) => {
        let line: Buffer = Buffer.from(formatRecordLine(run, AT).trimEnd());
        for (const [at, byte] of changes) line = Buffer.concat([line.subarray(0, at), Buffer.from([byte]), line.subarray(isInserted ? at : at + 1)]);
        assert.deepEqual(parse(line), slowParse(line));
      }),
      { numRuns: 5000 },
    );
  });

  it('is nothing when it is cut anywhere', () => {
    const line = Buffer.from(formatRecordLine(failedRun({ survivors: [{ pid: 7, command: 'sleep' }] }), AT).trimEnd());
    for (let bytes = 0; bytes < line.length; bytes++) assert.equal(parse(line.subarray(0, bytes)), undefined);
  });

  it('is nothing when a number in it is none in JSON', () => {
    const line = formatRecordLine(runOf({ attempt: 7, duration_ms: 7, exit_code: 7, cost_usd: 7 }), AT).trimEnd();
    for (const field of ['attempt', 'duration_ms', 'exit_code', 'cost_usd']) {
      for (const number of ['01', '1.', '.5', '+1', '0x1', '1e', 'NaN', '']) {
        assert.equal(parse(Buffer.from(line.replace(`"${field}":7`, `"${field}":${number}`))), undefined, `${field} ${number}`);
      }
    }
  });

  it('is nothing when it is JSON of another kind', () => {
    for (const line of ['null', '[]', '1', '{}', '"x"', JSON.stringify({ ...runOf(), status: 'exploded' }), JSON.stringify({ ...runOf(), tick: 7 })]) {
      assert.equal(parse(Buffer.from(line)), undefined);
    }
  });

  it('says whether there is no record before it, or nobody knows', () => {
    const linkOf = (line: string) => parseRecordLine(Buffer.from(line), 0, line.trimEnd().length)?.prev;
    assert.equal(linkOf(formatRecordLine(runOf(), null)), null);
    assert.equal(linkOf(JSON.stringify(runOf())), undefined);
    assert.equal(linkOf(JSON.stringify({ ...runOf(), prev: 7 })), undefined);
  });

  it('may be a megabyte of words', () => {
    const run = failedRun({ reason: 'x\n'.repeat(500_000) });
    assert.deepEqual(parse(Buffer.from(formatRecordLine(run, null).trimEnd())), run);
  });
});
