import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { findGo } from '../../../lib/core/trace/go.ts';
import { findJava } from '../../../lib/core/trace/java.ts';
import { findNode } from '../../../lib/core/trace/node.ts';
import { findPython } from '../../../lib/core/trace/python.ts';
import { findRust } from '../../../lib/core/trace/rust.ts';
import { mayOpen, ownFrames, readTraces, type StackFrame } from '../../../lib/core/trace/stack-trace.ts';

/** Real traces, most of them printed by the languages themselves, with the frames that a person has read out of them. */
const FOLDER = new URL('../../fixtures/traces/', import.meta.url).pathname;

interface Expected {
  readonly traces: readonly {
    readonly lang: string;
    readonly exceptions?: readonly {
      readonly type: string;
      readonly message: string;
      readonly frames: number;
      readonly own: readonly { readonly file: string; readonly line: number; readonly fn: string | null }[];
      readonly rel?: string;
    }[];
    readonly first?: { readonly type: string; readonly message: string };
    readonly minExceptions?: number;
    readonly culprit: string | null;
  }[];
}

const expected = JSON.parse(readFileSync(`${FOLDER}expected.json`, 'utf8')) as Readonly<Record<string, Expected>>;

/** A path as far as the one who expects it says it: folders before it are those of the machine that ran it. */
function shortened(frame: StackFrame | undefined, wanted: string | undefined): string | null {
  if (frame === undefined) return null;
  const [file = '', line] = (wanted ?? '').split(/:(?=\d+$)/);
  const place = file.replace(/^\.\//, '');
  const isIts = frame.file === place || frame.file.endsWith(`/${place}`);
  return isIts && String(frame.line) === line ? (wanted as string) : `${frame.file}:${frame.line}`;
}

const FINDERS = [findPython, findNode, findGo, findRust, findJava];
const COLOURS = /\u001b\[[0-9;]*[A-Za-z]/g;

interface Found {
  readonly lang: string;
  readonly exceptions: readonly unknown[];
  readonly firstLine: number;
  readonly lastLine: number;
}

/** Every language is asked at every line, and nothing is passed by. */
function tracesByLine(text: string): readonly Found[] {
  const lines = text
    .replaceAll(COLOURS, '')
    .split(/\r\n|\n|\r/)
    .map((line) => line.slice(0, 4_000).trimEnd());
  const found: Found[] = [];
  let floor = 0;
  for (let at = 0; at < lines.length; at += 1) {
    const inside = wordsInJson(lines[at] as string);
    for (const one of inside) found.push(...tracesByLine(one).map((trace) => ({ ...trace, firstLine: at, lastLine: at })));
    const trace = inside.length > 0 ? undefined : FINDERS.map((find) => find(lines, at, floor)).find((one) => one !== undefined);
    if (trace === undefined) continue;
    const { lang, exceptions, start, end } = trace;
    found.push({ lang, exceptions, firstLine: start, lastLine: end - 1 });
    floor = end;
    at = Math.max(at, end - 1);
  }
  return found;
}

/** The log lines of these tests hold no more than one text, and it lies on top. */
function wordsInJson(line: string): readonly string[] {
  if (!/^\{.*\}$/.test(line)) return [];
  try {
    return Object.values(JSON.parse(line) as object).filter((value) => typeof value === 'string' && value.includes('\n'));
  } catch (error) {
    assert.ok(error instanceof SyntaxError);
    return [];
  }
}

const LOGS = Object.keys(expected).map((name) => readFileSync(`${FOLDER}${name}.log`, 'utf8').split(/\r?\n/));
/** Of a real log, some lines that follow one another: a trace, a part of one, or what stands around it. */
const PART = fc
  .tuple(fc.constantFrom(...LOGS), fc.nat(), fc.integer({ min: 1, max: 40 }))
  .map(([lines, from, count]) => lines.slice(from % lines.length, (from % lines.length) + count));
const WORDS = fc.oneof(
  fc.constantFrom('', ' ', 'Tr', 'panic:', 'a:', 'C:\\', '/', 'node:', '\u00a0at x', 'ünder', '{', '{"a":"\\n"}', '{"a":"\\n"', '\ufeff', 'at '),
  fc.constantFrom(`${'x'.repeat(3_999)} tail`, `INFO ${'y'.repeat(5_000)}`, `${'z'.repeat(4_000)}Traceback (most recent call last):`),
  fc.string({ maxLength: 20 }).filter((text) => !/[\r\n\u001b]/.test(text)),
);
const ELSEWHERE = fc.constantFrom(['C:\\app\\a.js:3', '  go()', '  ^', '', 'Error: no'], ['TypeError: no', '\u00a0   at go (/app/a.js:3:1)']);
const PIECE = fc.oneof(
  { weight: 4, arbitrary: PART },
  { weight: 1, arbitrary: ELSEWHERE },
  { weight: 2, arbitrary: WORDS.map((line) => [line]) },
  { weight: 1, arbitrary: PART.map((lines) => lines.map((line) => `\u001b[31m${line}\u001b[0m `)) },
  { weight: 1, arbitrary: PART.map((lines) => lines.map((line, n) => `2026-11-20 07:00:0${n % 10} ERROR ${line}`)) },
  { weight: 1, arbitrary: PART.map((lines) => [JSON.stringify({ level: 50, stack: lines.join('\n') })]) },
);

describe('the reader of stack traces', () => {
  for (const [name, { traces }] of Object.entries(expected)) {
    it(`A11 A49 reads ${name}`, () => {
      const found = readTraces(readFileSync(`${FOLDER}${name}.log`, 'utf8'));
      assert.deepEqual(
        found.map(({ lang }) => lang),
        traces.map(({ lang }) => lang),
      );
      for (const [n, trace] of traces.entries()) {
        const own = found[n] as (typeof found)[number];
        if (trace.exceptions !== undefined) {
          const told = own.exceptions.map(({ type, message, rel, frames }, at) => {
            const wanted = trace.exceptions?.[at]?.own ?? [];
            return {
              type,
              message,
              frames: frames.length,
              own: ownFrames(own, frames).map((frame, k) => {
                const place = wanted[k] === undefined ? undefined : `${wanted[k].file}:${wanted[k].line}`;
                return `${shortened(frame, place)} ${frame.fn}`;
              }),
              ...(rel === undefined ? {} : { rel }),
            };
          });
          assert.deepEqual(
            told,
            trace.exceptions.map((one) => ({ ...one, own: one.own.map(({ file, line, fn }) => `${file}:${line} ${fn}`) })),
          );
        }
        if (trace.first !== undefined) {
          const { type, message } = own.exceptions[0] ?? {};
          assert.deepEqual({ type, message }, trace.first);
          assert.ok(own.exceptions.length >= (trace.minExceptions ?? 1));
        }
        assert.equal(shortened(own.culprit, trace.culprit ?? undefined), trace.culprit);
      }
    });
  }

  it('passes by no line at which any of the languages finds a trace, and most of the others', () => {
    const seen = { opening: 0, other: 0, passed: 0 };
    for (const name of Object.keys(expected)) {
      const lines = readFileSync(`${FOLDER}${name}.log`, 'utf8').split(/\r?\n/);
      for (const [at, line] of lines.entries()) {
        const isFound = [findPython, findNode, findGo, findRust, findJava].some((find) => find(lines, at, 0) !== undefined);
        if (isFound) assert.ok(mayOpen(line), `${name}:${at + 1}: ${line}`);
        seen[isFound ? 'opening' : 'other'] += 1;
        if (!isFound && !mayOpen(line)) seen.passed += 1;
      }
    }
    assert.ok(seen.opening > 100 && seen.passed > seen.other / 2, JSON.stringify(seen));
  });

  it('takes the colours out of a line, and takes each kind of line end for one', () => {
    const trace = ['Traceback (most recent call last):', '  File "/srv/a.py", line 3, in go', '    fail()', 'ValueError: no'];
    for (const end of ['\n', '\r\n', '\r'])
      for (const dye of [(line: string) => line, (line: string) => `\u001b[1;31m${line}\u001b[0m`]) {
        const [found, ...more] = readTraces(['before', ...trace.map(dye), 'after'].join(end));
        assert.deepEqual([found?.exceptions[0]?.type, found?.culprit?.line, found?.firstLine, more], ['ValueError', 3, 1, []]);
      }
  });

  it('finds what is found by asking every language at every line, in whatever text', () => {
    const ends = fc.constantFrom('\n', '\n', '\n', '\r\n', '\r');
    fc.assert(
      fc.property(fc.array(PIECE, { maxLength: 12 }), ends, fc.boolean(), (pieces, end, isWhole) => {
        const text = pieces.flat().join(end) + (isWhole ? end : '');
        const found = readTraces(text).map(({ culprit: _, ...trace }) => trace);
        assert.deepEqual(found, tracesByLine(text));
      }),
      { numRuns: 400 },
    );
  });

  it('has an expectation for every fixture', () => {
    const files = readdirSync(FOLDER).filter((file) => file.endsWith('.log'));
    assert.deepEqual(files.map((file) => file.replace('.log', '')).sort(), Object.keys(expected).sort());
    assert.ok(files.length > 50);
  });
});

it('A11 reads a quarter of a megabyte in no time to speak of, whatever it holds', () => {
  const openings = [
    ...[
      'Traceback (most recent call last):',
      '  File "x", line 1',
      '  + Exception Group Traceback (most recent call last):',
      '  | x',
      '/a/b.js:1',
      '  x',
      '    at foo (/x/y.js:1:2)',
    ],
    ...[
      'Error: a',
      'panic: x',
      'goroutine 1 [running]:',
      '\t/x.go:1',
      "thread 'x' panicked at a.rs:1:1:",
      'stack backtrace:',
      '\tat com.a.B.c(B.java:1)',
      'Caused by: a.B',
      '{"a":"b\\nc"}',
    ],
  ];
  const logs = openings.flatMap((one) => [one, ...openings.map((other) => `${one}\n${other}`)]);
  const begun = process.cpuUsage().user;
  for (const lines of logs) readTraces(`${lines}\n`.repeat(Math.floor(64_000 / (lines.length + 1))));
  const eachMs = (process.cpuUsage().user - begun) / 1000 / logs.length;
  assert.ok(eachMs < 150, `${eachMs} ms of the processor for 64 KB`);
});
