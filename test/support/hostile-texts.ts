import { truncateSync, writeFileSync } from 'node:fs';
import { MAX_TICK_BYTES } from '../../lib/core/tick.ts';
import { BASE, canonicalName, type Expectation, type HostileCase, tickText } from './hostile-cases.ts';

/** One text and what becomes of it; `canonical`, where the name of a nightly tick makes a difference. */
interface Text {
  readonly name: string;
  readonly bytes: string | Buffer;
  readonly expect: Expectation;
  readonly canonical?: Expectation;
  readonly isDeep?: boolean;
}

const bad = (name: string, bytes: string | Buffer): Text => ({ name, bytes, expect: 'dead malformed' });
const good = (name: string, bytes: string | Buffer): Text => ({ name, bytes, expect: 'runs' });
const deep = (name: string, bytes: string): Text => ({ name, bytes, expect: 'runs', isDeep: true });
/** Good as a foreign file, but not what its canonical name says. */
const other = (name: string, bytes: string): Text => ({ name, bytes, expect: 'runs', canonical: 'dead malformed' });
const shown = (value: unknown): string => JSON.stringify(value).slice(0, 60);
const WHOLE = tickText({ payload: { a: [1, 'two', null] } }).trimEnd();

const TRUNCATED: readonly Text[] = [1, 2, 5, 9, 10, 19, 21, 30, 60, WHOLE.length - 2, WHOLE.length - 1].flatMap((length) => [
  bad(`truncated after ${length} characters`, WHOLE.slice(0, length)),
  bad(`truncated after ${length} characters, then a newline`, `${WHOLE.slice(0, length)}\n`),
]);

const NO_JSON: readonly Text[] = [
  bad('empty', ''),
  bad('a blank', ' '),
  bad('a newline', '\n'),
  bad('a NUL', '\0'),
  bad('4096 NULs, as a power cut leaves them', Buffer.alloc(4096)),
  bad('a tick and then NULs', Buffer.concat([Buffer.from(tickText()), Buffer.alloc(512)])),
  bad('words', 'run the backup please\n'),
  bad('HTML', '<!doctype html><html><body>502 Bad Gateway</body></html>\n'),
  bad('YAML', 'cadence: nightly\nsource: test\n'),
  bad('a shell script', '#!/bin/sh\nrm -rf /\n'),
  bad('two objects', `${tickText()}${tickText()}`),
  bad('something behind the object', `${WHOLE} x\n`),
  bad('a trailing comma', '{"cadence":"nightly",}\n'),
  bad('a comment', '{"cadence":"nightly"} // go\n'),
  bad('single quotes', "{'cadence':'nightly'}\n"),
  bad('a bare key', '{cadence:"nightly"}\n'),
  bad('NaN', '{"cadence":"nightly","payload":NaN}\n'),
  bad('Infinity', '{"cadence":"nightly","payload":Infinity}\n'),
  bad('undefined', '{"cadence":"nightly","payload":undefined}\n'),
  bad('a leading zero', '{"cadence":"nightly","attempts":007}\n'),
  bad('a hexadecimal number', '{"cadence":"nightly","payload":0x10}\n'),
  bad('a bare newline inside a string', '{"cadence":"nightly","payload":"a\nb"}\n'),
  bad('a bare NUL inside a string', '{"cadence":"nightly","payload":"a\0b"}\n'),
  bad('a bare escape inside a string', '{"cadence":"nightly","payload":"\u001b[2J"}\n'),
  bad('half an escape', '{"cadence":"nightly","payload":"\\u12"}\n'),
  bad('100,000 open brackets', '['.repeat(100_000)),
  bad('100,000 open objects', '{"a":'.repeat(40_000)),
];

const NO_OBJECT: readonly Text[] = ['0', '12', '-1', '1.5', '1e999', '"text"', '""', 'null', 'true', 'false', '[]', `[${WHOLE}]`].flatMap((text) => [
  bad(`JSON that is no object: ${text.slice(0, 12)}`, text),
  bad(`JSON that is no object, with a newline: ${text.slice(0, 12)}`, `${text}\n`),
]);

const ENCODED: readonly Text[] = [
  good('a byte order mark before the tick', `\uFEFF${tickText()}`),
  bad('nothing but a byte order mark', '\uFEFF'),
  bad('two byte order marks', `\uFEFF\uFEFF${tickText()}`),
  bad('UTF-16 LE with its mark', Buffer.from(`\uFEFF${tickText()}`, 'utf16le')),
  bad('UTF-16 LE without a mark', Buffer.from(tickText(), 'utf16le')),
  bad('UTF-16 BE with its mark', Buffer.from(`\uFEFF${tickText()}`, 'utf16le').swap16()),
  bad('UTF-16 BE without a mark', Buffer.from(tickText(), 'utf16le').swap16()),
  bad('Latin-1', Buffer.from(tickText({ payload: 'café' }), 'latin1')),
  bad('an overlong slash', Buffer.concat([Buffer.from('{"cadence":"nightly","payload":"'), Buffer.from([0xc0, 0xaf]), Buffer.from('"}\n')])),
  bad('a raw unpaired surrogate', Buffer.concat([Buffer.from('{"cadence":"nightly","payload":"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}\n')])),
  bad('a character cut in its middle', Buffer.from(tickText({ payload: '😀' })).subarray(0, -5)),
  bad('gzip', Buffer.from('1f8b0800000000000003ab564a4e4c49cd4b4e55b252ca', 'hex')),
  good('an escaped unpaired surrogate in the payload', '{"cadence":"nightly","payload":"\\ud800"}\n'),
  good('an escaped unpaired surrogate in the key', '{"cadence":"nightly","key":"\\udfff"}\n'),
  bad('an escaped unpaired surrogate in the cadence', '{"cadence":"nightly\\ud800"}\n'),
  good('an escaped NUL in payload, source and key', '{"cadence":"nightly","payload":"\\u0000","source":"\\u0000","key":"\\u0000"}\n'),
  good('terminal sequences in payload and source', tickText({ source: '\u001b]0;owned\u0007', payload: '\u001b[2J\u009b31m' })),
  good('every plane of Unicode in the payload', tickText({ payload: 'ß е́ 漢 😀 \u202e \u2028 \u2029 \u{10ffff} \u{fdd0}' })),
  good('a payload of 80,000 combining marks', tickText({ payload: `a${'\u0301'.repeat(80_000)}` })),
];

const HUGE: readonly Text[] = [
  bad('1,000,000 keys', `{${Array.from({ length: 1_000_000 }, (_, n) => `"k${n}":0`).join(',')},"cadence":"nightly"}\n`),
  good('20,000 keys', `{${Array.from({ length: 20_000 }, (_, n) => `"k${n}":0`).join(',')},"cadence":"nightly"}\n`),
  bad('nesting 100,000 deep, and nothing else', '['.repeat(100_000) + ']'.repeat(100_000)),
  deep('a payload nested 100,000 deep', `{"cadence":"nightly","payload":${'['.repeat(100_000)}${']'.repeat(100_000)}}\n`),
  deep('a payload nested 5,000 deep', `{"cadence":"nightly","payload":${'['.repeat(5_000)}${']'.repeat(5_000)}}\n`),
  deep('a payload of 40,000 nested objects', `{"cadence":"nightly","payload":${'{"a":'.repeat(40_000)}0${'}'.repeat(40_000)}}\n`),
  deep('an unknown field nested 100,000 deep', `{"x":${'['.repeat(100_000)}${']'.repeat(100_000)},"cadence":"nightly"}\n`),
  deep('a report nested 100,000 deep', `{"dead":{"attempts":0,"x":${'['.repeat(100_000)}${']'.repeat(100_000)}},"cadence":"nightly"}\n`),
  deep('an id nested 100,000 deep', `{"id":${'['.repeat(100_000)}${']'.repeat(100_000)},"cadence":"nightly"}\n`),
  bad('a key nested 100,000 deep', `{"key":${'['.repeat(100_000)}${']'.repeat(100_000)},"cadence":"nightly"}\n`),
  good('a payload of 60,000 numbers', tickText({ payload: Array.from({ length: 60_000 }, () => 1) })),
  good('exactly 256 KB', sized(MAX_TICK_BYTES)),
  bad('256 KB and one byte', sized(MAX_TICK_BYTES + 1)),
  good('exactly 256 KB of characters of three bytes', sized(MAX_TICK_BYTES, '漢')),
  bad('256 KB and one byte of characters of three bytes', sized(MAX_TICK_BYTES + 1, '漢')),
  bad('1 MB', sized(1024 * 1024)),
  bad('3 MB', sized(3 * 1024 * 1024)),
  bad('200 KB with a trailing comma', `${sized(200 * 1024).slice(0, -2)},}\n`),
];

function sized(bytes: number, filler = 'x'): string {
  const room = bytes - Buffer.byteLength(tickText({ payload: '' }));
  const count = Math.floor(room / Buffer.byteLength(filler));
  return tickText({ payload: filler.repeat(count) + 'y'.repeat(room - count * Buffer.byteLength(filler)) });
}

const WORDS: readonly Text[] = [
  good('__proto__ with a cadence of its own', '{"__proto__":{"cadence":"evil"},"cadence":"nightly"}\n'),
  bad('a cadence in __proto__ only', '{"__proto__":{"cadence":"nightly"}}\n'),
  good('__proto__ in the payload', '{"cadence":"nightly","payload":{"__proto__":{"isAdmin":true}}}\n'),
  good('constructor, toString and hasOwnProperty as keys', '{"cadence":"nightly","constructor":{"prototype":{"x":1}},"toString":1,"hasOwnProperty":null}\n'),
  good('toJSON and then as keys', '{"cadence":"nightly","toJSON":"x","then":"y","payload":{"toJSON":1,"then":2}}\n'),
  other('constructor as cadence', tickText({ cadence: 'constructor' })),
  other('hasownproperty as cadence', tickText({ cadence: 'hasownproperty' })),
  bad('toString as cadence', tickText({ cadence: 'toString' })),
  bad('__proto__ as cadence', tickText({ cadence: '__proto__' })),
  good('the cadence twice, the last one counts', '{"cadence":"evil","cadence":"nightly"}\n'),
  bad('the cadence twice, the last one bad', '{"cadence":"nightly","cadence":"../../x"}\n'),
  good('the payload twice', '{"cadence":"nightly","payload":1,"payload":2}\n'),
  good('a field with an empty name', '{"cadence":"nightly","":1}\n'),
  bad('an empty object', '{}\n'),
  good('nothing but a cadence', '{"cadence":"nightly"}\n'),
  good('no newline at the end', '{"cadence":"nightly"}'),
  good('CRLF and indentation', JSON.stringify(BASE, null, '\t').replaceAll('\n', '\r\n')),
  good('100,000 blanks around it', `${' '.repeat(100_000)}${WHOLE}${'\n'.repeat(100_000)}`),
  ...['9007199254740993', '1e999', '-1e999', '-0', '1e-400', '123456789012345678901234567890.5', '0.1e1'].map((number) =>
    good(`the number ${number} in the payload`, `{"cadence":"nightly","payload":${number}}\n`),
  ),
  ...['-1', '1e9', '"2"', 'null', '1e999'].map((attempts) => good(`attempts ${attempts} in the text`, `{"cadence":"nightly","attempts":${attempts}}\n`)),
  good('a text of its own in raw', `${JSON.stringify({ raw: tickText() })}\n`),
  good('raw in raw in raw', `${JSON.stringify({ raw: JSON.stringify({ raw: JSON.stringify({ raw: tickText() }) }) })}\n`),
  bad('a bad text in raw', `${JSON.stringify({ raw: 'not a tick' })}\n`),
  bad('raw in raw, bad', `${JSON.stringify({ raw: JSON.stringify({ raw: '{"cadence":1}' }) })}\n`),
  bad('raw that is no text', '{"raw":{"cadence":"nightly"}}\n'),
  good('raw beside a cadence', '{"raw":"x","cadence":"nightly"}\n'),
];

const CADENCES: readonly Text[] = [
  ...[
    '../../x',
    '..',
    '.',
    '/etc/passwd',
    '',
    'a',
    'CON',
    'Nightly',
    'NIGHTLY',
    'nächtlich',
    'night ly',
    'night\nly',
    '-nightly',
    'nightly-',
    'night.ly',
    'night/ly',
  ],
  ...[
    'night\\ly',
    ' nightly',
    'nightly ',
    'nightly\u0000',
    '😀😀',
    '\u202enightly',
    'ｎｉｇｈｔｌｙ',
    '$(id)',
    '`id`',
    '--help',
    'night_ly',
    '*',
    '%2e%2e',
    'n'.repeat(51),
    'n'.repeat(5000),
  ],
].map((cadence) => bad(`the cadence ${shown(cadence)}`, tickText({ cadence })));
const LEGAL_CADENCES: readonly Text[] = ['con', 'nul', 'ab', '00', 'bus-anything', 'n'.repeat(50), 'a--b'].map((cadence) =>
  other(`the legal cadence ${shown(cadence)}`, tickText({ cadence })),
);

const IDS: readonly Text[] = ['a/b', '../../../../etc', 'short', 'thirteenchars', 'UPPERCASE000', 'x7k2p9qd4mz\n', '', 7, null, {}, [], true].map((id) =>
  good(`the id ${shown(id)} in the text`, tickText({ id })),
);

const TYPES: readonly Text[] = [
  ...['cadence', 'source', 'enqueued_at', 'key', 'slot', 'expires_at', 'parent_run', 'due_at'].flatMap((field) =>
    [null, 7, true, [], {}].map((value) => bad(`${field} of a wrong type: ${shown(value)}`, tickText({ [field]: value }))),
  ),
  ...[null, '2', -1, 1.5, 1001, 1e9, [], {}, true].map((depth) => bad(`the depth ${shown(depth)}`, tickText({ depth }))),
  ...[null, 7, 'x', [], {}, true, { attempts: '2' }, { attempts: -1 }, { attempts: 1.5 }, { attempts: 1e9 }, { attempts: null }].map((dead) =>
    bad(`the report ${shown(dead)}`, tickText({ dead })),
  ),
  bad('a report with attempts 1e999', '{"cadence":"nightly","dead":{"attempts":1e999}}\n'),
  ...[null, 7, 'x', true, [], {}, ''].map((payload) => good(`the payload ${shown(payload)}`, tickText({ payload }))),
  bad('a source of 201 characters', tickText({ source: 's'.repeat(201) })),
  good('a source of 200 characters', tickText({ source: 's'.repeat(200) })),
  bad('an empty key', tickText({ key: '' })),
  bad('a key of 201 characters', tickText({ key: 'k'.repeat(201) })),
  bad('an empty slot', tickText({ slot: '' })),
  bad('a slot of 61 characters', tickText({ slot: 's'.repeat(61) })),
  bad('a parent run of 61 characters', tickText({ parent_run: 'p'.repeat(61) })),
  good('a report that claims 999,999 attempts', tickText({ dead: { attempts: 999_999 } })),
];

const IMPOSSIBLE = [
  'yesterday',
  '',
  'NaN',
  '2026-02-30T00:00:00Z',
  '2026-02-30',
  '2026-13-01',
  '2026-00-10',
  '2026-11-20T25:00:00Z',
  '2026-11-20T07:61:00Z',
].concat(['+010000-01-01T00:00:00Z', '-000001-01-01T00:00:00Z', '20261120T070000000Z']);
const INSTANTS: readonly Text[] = [
  ...['enqueued_at', 'due_at', 'expires_at'].flatMap((field) => IMPOSSIBLE.map((text) => bad(`${field} ${shown(text)}`, tickText({ [field]: text })))),
  ...['enqueued_at', 'due_at', 'expires_at'].flatMap((field) =>
    ['0001-01-01T00:00:00Z', '1969-12-31T23:59:59Z', '9999-12-31T23:59:59.999Z', '2024-02-29'].map((text) =>
      good(`${field} ${shown(text)}`, tickText({ [field]: text })),
    ),
  ),
];

const TEXTS = [...TRUNCATED, ...NO_JSON, ...NO_OBJECT, ...ENCODED, ...HUGE, ...WORDS, ...CADENCES, ...LEGAL_CADENCES, ...IDS, ...TYPES, ...INSTANTS];

/** Every text once under a name of its own and once under a canonical one. */
export const TEXT_CASES: readonly HostileCase[] = [
  ...TEXTS.flatMap(({ name, bytes, expect, canonical, isDeep = false }) => [
    { name: `a foreign file: ${name}`, expect, isDeep, make: ({ inbox }: { inbox: string }) => writeFileSync(`${inbox}/odd.json`, bytes) },
    {
      name: `a canonical file: ${name}`,
      expect: canonical ?? expect,
      isDeep,
      make: ({ inbox }: { inbox: string }) => writeFileSync(`${inbox}/${canonicalName()}`, bytes),
    },
  ]),
  ...[100 * 1024 * 1024, 5 * 1024 ** 3].flatMap((bytes) =>
    ['odd.json', canonicalName(), 'odd.ndjson', canonicalName().replace(/json$/, 'exhausted.json')].map(
      (file): HostileCase => ({
        name: `${bytes} bytes without content, called ${file}`,
        expect: 'dead malformed',
        make({ inbox }) {
          writeFileSync(`${inbox}/${file}`, '');
          truncateSync(`${inbox}/${file}`, bytes);
        },
      }),
    ),
  ),
];
