import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Heard, hearLine, judgeOutput, NOTHING_HEARD, type OutputKind } from '../../lib/core/output.ts';
import { findJsonFault } from '../../lib/core/text/json-place.ts';
import { fillSummary } from '../../lib/core/text/summary.ts';

const parses = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};
const hear = (stdout: string): Heard => stdout.split('\n').reduce((heard, line) => hearLine(heard, line, false).heard, NOTHING_HEARD);
const judge = (kind: OutputKind, stdout: string) => judgeOutput(kind, hear(stdout), stdout);

describe('the place where a text stops being JSON', () => {
  it('is where a reader would point', () => {
    const cases: readonly (readonly [string, number, number, string])[] = [
      ['{"a": 1,}', 1, 9, '"}"'],
      ['{\n  "a": tru\n}', 2, 8, '"tru"'],
      ['[1, 2', 1, 6, 'its end'],
      ['', 1, 1, 'its end'],
      ['{"a" 1}', 1, 6, '"1}"'],
      ["{'a': 1}", 1, 2, `"'a': 1}"`],
      ['01', 1, 2, '"1"'],
      ['"a\tb"', 1, 3, '"\\tb\\""'],
      ['"\\x"', 1, 2, '"\\\\x\\""'],
      ['{} {}', 1, 4, '"{}"'],
      ['done: 3 files', 1, 1, '"done: 3 files"'],
    ];
    for (const [text, line, column, found] of cases) assert.deepEqual(findJsonFault(text), { line, column, found }, text);
  });

  it('is found in exactly the texts that JSON.parse refuses', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.constantFrom('', '{', '}', '[', ']', '"', ',', ':', '\\', '\n', '0', 'e', '-', 'x', ' '), (json, at, sign) => {
        const place = at % (json.length + 1);
        for (const text of [json, json.slice(0, place), json.slice(0, place) + sign + json.slice(place), json.slice(0, place) + sign + json.slice(place + 1)])
          assert.equal(findJsonFault(text) === undefined, parses(text), text);
      }),
      { numRuns: 500 },
    );
  });

  it('needs no stack, however deep the text is', () => {
    assert.deepEqual(findJsonFault('['.repeat(200_000)), { line: 1, column: 200_001, found: 'its end' });
  });
});

describe('the output of a command', () => {
  it('D26 D27 json is one value, the result; what is no JSON fails, with the place', () => {
    assert.deepEqual(judge('json', '{"a": [1]}\n'), { result: { value: { a: [1] } }, wrong: undefined });
    assert.equal(judge('json', 'loading…\n{"a": 1}').wrong, 'its stdout is no JSON, line 1, column 1: found "loading…"');
    assert.equal(judge('json', '\n').wrong, 'its stdout is empty, and JSON was promised');
    assert.match(judgeOutput('json', NOTHING_HEARD, undefined).wrong ?? '', /too long/);
  });

  it('D27 jsonl is an object a line: how many, and the last; one line that is none fails, with its number', () => {
    assert.deepEqual(judge('jsonl', '{"n":1}\n\n{"n":2}\n'), { result: { value: { event_count: 2, last_event: { n: 2 } } }, wrong: undefined });
    assert.deepEqual(judge('jsonl', '').result, { value: { event_count: 0, last_event: null } });
    const wrong = judge('jsonl', '{"n":1}\n{"n":\n7\n{"n":3}');
    assert.equal(wrong.wrong, 'its stdout is no JSON Lines, line 2, column 6: found its end');
    assert.deepEqual(wrong.result, { value: { event_count: 2, last_event: { n: 3 } } });
    assert.match(judge('jsonl', '7').wrong ?? '', /line 1: found 7, expected an object/);
  });

  it('D26 auto is json where it is, else jsonl where it is, else words; it never fails', () => {
    assert.deepEqual(judge('auto', '{\n"a": 1\n}').result, { value: { a: 1 } });
    assert.deepEqual(judge('auto', '{"a":1}\n{"a":2}\n').result, { value: { event_count: 2, last_event: { a: 2 } } });
    for (const words of ['', '42', 'done', '{"a":1}\nand words\n', '"text"'])
      assert.deepEqual(judge('auto', words), { result: undefined, wrong: undefined }, words);
    assert.deepEqual(judge('text', '{"a":1}').result, undefined);
  });

  it('hears the same events and tells the same first fault, whatever stands before and behind it', () => {
    const space = fc.constantFrom('', ' ', '\t', '\u00a0', '\r');
    const word = fc.constantFrom('{"a":1}', '{}', '{"a":', '[]', '{} {}', '42', '"{}"', 'words', '', '[cadence-bus] {}');
    const line = fc.tuple(space, word, space).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const heard = hear(lines.join('\n'));
        const isObject = (text: string): boolean => parses(text) && text.trim().startsWith('{');
        const says = lines.filter((text) => text.trim() !== '' && !text.startsWith('[cadence-bus] '));
        const others = says.filter((text) => !isObject(text));
        assert.deepEqual([heard.events, heard.others], [says.length - others.length, others.length]);
        const first = lines.indexOf(others[0] ?? '-');
        assert.equal(heard.wrong?.split(/[,:]/)[0], first < 0 ? undefined : `line ${first + 1}`);
      }),
      { numRuns: 500 },
    );
  });

  it('forgives the line that says how much of a log was dropped, and no endless line', () => {
    assert.equal(hearLine(NOTHING_HEARD, '[cadence-bus] 12 bytes dropped here: the log passed its cap of 10 bytes', false).heard.wrong, undefined);
    assert.match(hearLine(NOTHING_HEARD, '{"a":', true).heard.wrong ?? '', /too long to be an event/);
  });
});

describe('a summary from a result', () => {
  it('P32 D27 fills in what stands in braces, and says what is not there in words', () => {
    const result = { tabs_archived: 12, kept: 3, pages: [{ title: 'one' }], more: { a: null } };
    assert.equal(fillSummary('Archived {tabs_archived} tabs, kept {kept}', result), 'Archived 12 tabs, kept 3');
    assert.equal(fillSummary('{pages.0.title} {more} {{x}} {more.a}', result), 'one {"a":null} {x} null');
    assert.equal(
      fillSummary('{tabs} tabs {constructor} {__proto__.x} {}', result),
      '(no tabs in its result) tabs (no constructor in its result) (no __proto__.x in its result) (no key in its result)',
    );
    assert.equal(fillSummary('{n} of {event_count}', { event_count: 5, last_event: { n: 4 } }), '4 of 5');
    assert.equal(fillSummary('{a}', 'text'), '(no a in its result)');
  });

  it('is one short line without control characters, whatever the result holds, and never a fault', () => {
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), (template, result) => {
        const summary = fillSummary(template, result);
        assert.ok(summary.length <= 200 && !/[\u0000-\u0008\n\u001b]/.test(summary));
      }),
    );
  });
});
