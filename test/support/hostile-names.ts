import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { DEAD_REASONS } from '../../lib/core/tick.ts';
import { canonicalName, deadName, type Expectation, type HostileCase, ID, tickText } from './hostile-cases.ts';
import { tempRoot } from './temp-root.ts';

const probe = tempRoot('cb-names-');

function isLegal(name: string | Buffer): boolean {
  try {
    writeFileSync(pathIn(probe, name), '');
    return true;
  } catch (error) {
    if (['EILSEQ', 'ENAMETOOLONG', 'EINVAL'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

function pathIn(dir: string, name: string | Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${dir}/`), Buffer.from(name)]);
}

/** Whether this file system keeps two names apart. */
function areTwo(one: string, two: string): boolean {
  writeFileSync(`${probe}/${one}`, '');
  return !existsSync(`${probe}/${two}`) || readdirSync(probe).filter((name) => name === one || name === two).length === 2;
}

const named = (file: string | Buffer, expect: Expectation, text = tickText()): readonly HostileCase[] =>
  isLegal(file)
    ? [
        {
          name: `a good tick called ${JSON.stringify(Buffer.from(file).toString('latin1')).slice(0, 90)}`,
          expect,
          make: ({ inbox }) => writeFileSync(pathIn(inbox, file), text),
        },
      ]
    : [];

const ODD = [
  ...[
    'with space.json',
    'two\nlines.json',
    '\nfirst.json',
    "quote'.json",
    'dou"ble.json',
    'back`tick.json',
    '$(touch x).json',
    '-rf.json',
    '--help.json',
    '-.json',
  ],
  ...[
    'semi;colon.json',
    'pipe|.json',
    'glob*.json',
    'question?.json',
    '[a].json',
    'tab\t.json',
    '\u001b[31mred.json',
    '\u007f.json',
    '\r.json',
    '~.json',
    '#.json',
  ],
  ...[
    '%s%n.json',
    '&.json',
    'back\\slash.json',
    'CON.json',
    'con.json',
    'aux.json',
    'nul.json',
    'com1.json',
    'lpt9.json',
    'PRN.json',
    'a:b.json',
    '<>.json',
    '{}.json',
  ],
  ...[
    'json.json',
    'a..json',
    'a.json.json',
    'x.ndjson.json',
    ' .json',
    '😀.json',
    '漢字.json',
    '\u202egnp.json',
    '\ufeff.json',
    '\u2028.json',
    'é.json',
    '=1+1.json',
    '@.json',
    '!.json',
  ],
  ...[
    '__proto__.json',
    'constructor.json',
    'undefined.json',
    'null.json',
    '0.json',
    `${'n'.repeat(250)}.json`,
    `${'é'.repeat(125)}.json`,
    'index.js.json',
    '…json.json',
  ],
];
const LEFT = [
  ...[
    '.json',
    '..json',
    '...json',
    '.hidden.json',
    '..hidden.json',
    '.ndjson',
    '.DS_Store',
    'x.JSON',
    'x.Json',
    'x.json ',
    'x.json.',
    'x.json~',
    'x.json.swp',
    'x.json.tmp',
  ],
  ...[
    'x.tmp',
    'x',
    'json',
    'ndjson',
    'x.txt',
    'x.json\n',
    'x.jsonl',
    'x.yaml',
    '#x.json#',
    'x.json.gz',
    'Makefile',
    ' ',
    '-',
    '\\',
    '\ufffd.json',
    `${'x'.repeat(255)}`,
  ],
];
const NOT_UTF8 = [
  Buffer.from([0xff, 0xfe, ...Buffer.from('.json')]),
  Buffer.from('caf\xe9.json', 'latin1'),
  Buffer.from([0xc0, 0xaf, ...Buffer.from('.json')]),
  Buffer.from([0xed, 0xa0, 0x80, ...Buffer.from('.json')]),
  Buffer.concat([Buffer.from(canonicalName().slice(0, -5)), Buffer.from([0xff]), Buffer.from('.json')]),
  Buffer.from([0x80, ...Buffer.from('.ndjson')]),
];

/** Nearly canonical, so foreign: they run under an id and with attempts of our own. */
const NEARLY = [
  ...[
    '00010101T000000000Z',
    '19691231T235959999Z',
    '20260230T070000000Z',
    '20261320T070000000Z',
    '20261120T250000000Z',
    '-0261120T070000000Z',
    'NaN',
    '2026-11-20T07:00:00Z',
    '0',
  ].map((due) => `${due}.nightly.${ID}.0.json`),
  ...['-1', '1000000000', '1000000', '2x', '007', '', '1e3', '0x1', '+1', ' 1', '１'].map((attempts) => `20261120T060000000Z.nightly.${ID}.${attempts}.json`),
  ...['X7K2P9QD4MZT', 'x7k2p9qd4mz', 'x7k2p9qd4mzt0', 'x7k2-9qd4mzt', '', '..', 'x7k2p9qd4mzü', '__proto__'].map(
    (id) => `20261120T060000000Z.nightly.${id}.0.json`,
  ),
  ...['Nightly', '', 'a', '-nightly', 'night_ly', 'n'.repeat(51), 'CON', 'nächtlich', '__proto__', '..'].map(
    (cadence) => `20261120T060000000Z.${cadence}.${ID}.0.json`,
  ),
  canonicalName().replace(/json$/, 'bogus.json'),
  canonicalName().replace(/json$/, 'EXHAUSTED.json'),
  canonicalName().replace(/json$/, 'exhausted.exhausted.json'),
  canonicalName().replace(/json$/, 'x.y.json'),
  `${canonicalName().slice(0, -5)}..json`,
];
const CANONICAL = [
  canonicalName('nightly', ID, 0, 0),
  canonicalName('nightly', ID, 0, Date.UTC(9999, 11, 31, 23, 59, 59, 999)),
  canonicalName('nightly', ID, 7),
  canonicalName('nightly', ID, 999_998),
  canonicalName('nightly', ID, 999_999),
  canonicalName('nightly', '000000000000'),
  canonicalName('nightly', 'constructor0'),
];

const dead = { reason: 'exhausted', because: 'exit 1', died_at: '2026-11-20T06:00:00.000Z', attempts: 2, runs: [], revive: 'mv' };
const DEAD: readonly HostileCase[] = [
  ...DEAD_REASONS.flatMap((reason) => [
    ...named(deadName(reason), 'runs', tickText({ dead: { ...dead, reason } })),
    { name: `a ${reason} tick without a report`, expect: 'runs' as const, make: put(deadName(reason), tickText()) },
    { name: `a ${reason} tick whose report is garbled`, expect: 'dead malformed' as const, make: put(deadName(reason), tickText({ dead: 'x' })) },
    { name: `a ${reason} tick that is no JSON`, expect: 'dead malformed' as const, make: put(deadName(reason), 'x') },
    { name: `a ${reason} tick that is empty`, expect: 'dead malformed' as const, make: put(deadName(reason), '') },
  ]),
  { name: 'an exhausted tick of another cadence', expect: 'dead malformed', make: put(deadName('exhausted'), tickText({ cadence: 'other' })) },
  { name: 'a malformed tick that was put right under another cadence', expect: 'runs', make: put(deadName('malformed', 0), tickText({ cadence: 'other' })) },
  {
    name: 'a malformed tick that was put back as it was',
    expect: 'dead malformed',
    make: put(deadName('malformed', 0), `${JSON.stringify({ raw: 'x', dead })}\n`),
  },
  { name: 'a malformed tick whose raw text is good', expect: 'runs', make: put(deadName('malformed', 2), `${JSON.stringify({ raw: tickText(), dead })}\n`) },
  {
    name: 'a dead tick whose report claims more than its name',
    expect: 'runs',
    make: put(deadName('exhausted'), tickText({ dead: { ...dead, attempts: 900_000 } })),
  },
  { name: 'a dead tick with 999,999 attempts', expect: 'runs', make: put(deadName('exhausted', 999_999), tickText()) },
  { name: 'a dead tick with a reason that nobody knows', expect: 'runs', make: put(deadName('bored'), tickText({ dead: { ...dead, reason: 'bored' } })) },
  { name: 'a dead tick under a name of its own', expect: 'runs', make: put('again.json', tickText({ dead })) },
  {
    name: 'a dead tick nested 100,000 deep, without a report',
    expect: 'runs',
    isDeep: true,
    make: put(deadName('exhausted'), `{"cadence":"nightly","payload":${'['.repeat(100_000)}${']'.repeat(100_000)}}\n`),
  },
  { name: 'a dead tick of 256 KB with its report', expect: 'runs', make: put(deadName('exhausted'), tickText({ payload: 'x'.repeat(262_000), dead })) },
];

function put(file: string, text: string): HostileCase['make'] {
  return ({ inbox }) => writeFileSync(`${inbox}/${file}`, text);
}

const TWINS: readonly (readonly [string, string])[] = [
  ['caf\u00e9.json', 'cafe\u0301.json'],
  ['Twin.json', 'twin.json'],
  ['stra\u00dfe.json', 'strasse.json'],
];

export const NAME_CASES: readonly HostileCase[] = [
  ...ODD.flatMap((file) => named(file, 'runs')),
  ...LEFT.flatMap((file) => named(file, 'left')),
  ...NOT_UTF8.flatMap((file) => named(file, 'left')),
  ...NEARLY.flatMap((file) => named(file, 'runs')),
  ...CANONICAL.flatMap((file) => named(file, 'runs')),
  ...DEAD,
  ...TWINS.map(
    ([one, two]): HostileCase => ({
      name: `the twins ${JSON.stringify([one, two])}`,
      expect: { runs: areTwo(one, two) ? 2 : 1 },
      make({ inbox }) {
        writeFileSync(`${inbox}/${one}`, tickText());
        writeFileSync(`${inbox}/${two}`, tickText());
      },
    }),
  ),
];
