import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { lastLines, truncate } from '../../../lib/core/text/excerpt.ts';
import { createRedaction, isSecretName, isSecretValue, redactWords } from '../../../lib/core/text/redaction.ts';

const bySight = createRedaction([]);
const VALUE = 'hunter2-hunter2/=+"x';
const byValue = createRedaction([{ name: 'DB_PASS', value: VALUE }]);

/** No six characters of it in a row are left. */
function isGone(words: string, secret: string): boolean {
  for (let at = 0; at + 6 <= secret.length; at += 1) if (words.includes(secret.slice(at, at + 6))) return false;
  return true;
}

describe('redaction by shape', () => {
  for (const [words, secret] of [
    ['key sk-ant-api03-AbCdEf0123456789_-x is dead', 'sk-ant-api03-AbCdEf0123456789_-x'],
    ['OPENAI=sk-proj-abcdefghijklmnopqrstuvwx', 'sk-proj-abcdefghijklmnopqrstuvwx'],
    ['remote: ghp_0123456789abcdefABCDEF0123456789abcd refused', 'ghp_0123456789abcdefABCDEF0123456789abcd'],
    ['slack said no to xoxb-1234567890-abcdefghij', 'xoxb-1234567890-abcdefghij'],
    ['curl -H "Authorization: Bearer abc.def-123456"', 'abc.def-123456'],
    ['authorization: Basic dXNlcjpwYXNz', 'dXNlcjpwYXNz'],
    ['AKIAIOSFODNN7EXAMPLE was disabled', 'AKIAIOSFODNN7EXAMPLE'],
    ['aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'],
    ['cannot clone https://ada:p4ssw0rd@example.com/repo.git', 'p4ssw0rd'],
    ['postgres://app:s3cr3t@ss@db/x', 's3cr3t@ss'],
    ['{"api_key": "abcdef-ghij"}', 'abcdef-ghij'],
    ['{\\"client_secret\\":\\"abcdef-ghij\\"}', 'abcdef-ghij'],
    ['MYSQL_PASSWORD=letmein1 mysqldump', 'letmein1'],
    ['mysqldump --password letmein1 db', 'letmein1'],
    ['https://hooks.slack.com/services/T000/B000/XXXXyyyyZZZZ answered 404', 'T000/B000/XXXXyyyyZZZZ'],
    ['https://api.telegram.org/bot123456789:AAF_abcdefghijklmnopqrstuvwxyz012345/x', 'AAF_abcdefghijklmnopqrstuvwxyz012345'],
    ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcDEF-123 expired', 'eyJzdWIiOiIxIn0'],
    ['-----BEGIN RSA PRIVATE KEY-----\nMIIEabcdef\nGHIJkl\n-----END RSA PRIVATE KEY-----\nafter', 'MIIEabcdef\nGHIJkl'],
    ['MIIEabcdef GHIJkl -----END PRIVATE KEY----- after', 'MIIEabcdef GHIJkl'],
    ['before -----BEGIN OPENSSH PRIVATE KEY----- | b3BlbnNzaC1rZXk', 'b3BlbnNzaC1rZXk'],
  ] as const)
    it(`takes it out of: ${truncate(words.replaceAll('\n', '\\n'), 60)}`, () => {
      const clean = bySight(words);
      assert.ok(clean.includes('[redacted]'), clean);
      assert.ok(isGone(clean, secret), clean);
      assert.equal(bySight(clean), clean);
    });

  it('leaves plain words of a failure as they are', () => {
    for (const words of [
      'exit 3: authentication failed: Invalid API key · Fix external API key',
      'input_tokens: 1234, output_tokens=56, "cache_read_input_tokens":789012',
      'the token is missing; token: expired; password: required',
      'https://example.com:8443/path?x=1@2 answered 503',
      'file:///srv/agents/x.mjs:12:34 threw',
      'Bearer authentication is not supported here',
      'a basic test of the secretary, keys: a, b',
      'account:claude: usage limit reached, resets 2026-11-20T07:00:00.000Z',
      'killed by SIGKILL (often: out of memory)',
      '/srv/agents/logs/cadence-bus/subsessions/2026-11-20-brief-x7k2p9qd4mzt-1.stdout.log',
    ])
      assert.equal(bySight(words), words);
  });

  it('ends in time on whatever is thrown at it', () => {
    for (const piece of ['a.', 'token', '--', 'eyJ', '-----BEGIN PRIVATE KEY-----', '-----END PRIVATE KEY-----', 'a://', '"token":"\\', 'x@', '…', 'sk-'])
      assert.equal(typeof bySight(piece.repeat(8000)), 'string');
  });
});

describe('redaction by value', () => {
  it('takes the value out in every form in which it is written, with the name of what it was', () => {
    const words = `raw ${VALUE}, json ${JSON.stringify({ v: VALUE })}, url ?p=${encodeURIComponent(VALUE)}`;
    assert.equal(byValue(words), 'raw [redacted DB_PASS], json {"v":"[redacted DB_PASS]"}, url ?p=[redacted DB_PASS]');
  });

  it('takes each line of a value of many lines', () => {
    const clean = createRedaction([{ name: 'PEM', value: 'first-line-of-it\n  second-line-of-it\nx' }])('x: second-line-of-it');
    assert.equal(clean, 'x: [redacted PEM]');
  });

  it('takes the longer of two secrets of which one begins the other', () => {
    const both = createRedaction([
      { name: 'A', value: 'abcd1234' },
      { name: 'B', value: 'abcd1234-5678' },
    ]);
    assert.equal(both('abcd1234-5678 and abcd1234'), '[redacted B] and [redacted A]');
  });

  it('leaves no part of a secret that a window, a line or a reason has cut', () => {
    const secret = fc
      .string({ unit: fc.constantFrom(...'abcXYZ0189-_/+='), minLength: 12, maxLength: 60, size: 'max' })
      .filter((text) => new Set(text).size > 6);
    const words = fc.string({ unit: fc.constantFrom(...'qruvw ,.;'), maxLength: 80, size: 'max' });
    fc.assert(
      fc.property(secret, words, words, fc.nat(200), fc.integer({ min: 10, max: 200 }), (value, before, after, from, width) => {
        const redact = createRedaction([{ name: 'IT', value }]);
        const tail = `${before}${value}${after}`.slice(from);
        for (const told of [tail, `exit 3: ${lastLines(tail, 3, width).join(' | ')}`, truncate(tail, width)]) {
          const clean = redact(told);
          assert.ok(isGone(clean, value), `${clean} of ${value}`);
          assert.equal(redact(clean), clean);
        }
      }),
    );
  });

  it('changes nothing where there is no secret, and nothing the second time', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300, size: 'max', unit: 'binary' }), (words) => {
        const clean = byValue(words);
        assert.equal(byValue(clean), clean);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'abc xyz.,|\n'), maxLength: 200, size: 'max' }), (words) => assert.equal(byValue(words), words)),
    );
  });
});

describe('redaction of what has no hint of a secret', () => {
  const values = [VALUE, 'abcdefgh-1234', 'multi line one\n  and the other line'];
  const redact = createRedaction(values.map((value, n) => ({ name: `S${n}`, value })));
  const shapes = ['sk-ant-api03-AbCdEf', 'sk-abcdefghijklmnopqrstuv', 'ghp_0123456789abcdefAB', 'glpat-0123456789abcdef', 'github_pat_0123456789abcdefghij'];
  const more = [
    'xoxb-12345678',
    'xapp-12345678',
    'AKIAIOSFODNN7EXAMPLE',
    'AIzaAbCdEf0123456789AbCdEf0123456789AbC',
    '123456789:AAF_abcdefghijklmnopqrstuvwxyz012345',
  ];
  const long = [
    'eyJhbGciOiJ.abcdefgh.x',
    'hooks.slack.com/services/T000/B000',
    '/api/webhooks/12/abcdefgh',
    'x://a:b@c',
    'Bearer abc.def-1',
    `npm_${'a1'.repeat(16)}`,
  ];
  const said = [
    'Authorization: Basic abcdefgh',
    '--passphrase letmein',
    'PASSWORD=letmein',
    'api-key: abcd',
    'credentials: "x y"',
    '-----BEGIN PRIVATE KEY-----',
  ];
  const parts = values.flatMap((value) => [value, value.slice(0, 7), value.slice(-7), value.slice(3, 10), encodeURIComponent(value)]);
  const plain = ['done', ' ', ': ', ' | ', '\n', '…', 'three files', '12', 'x'];
  const piece = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...plain) }, fc.constantFrom(...shapes, ...more, ...long, ...said, ...parts));

  it('comes to the same as if everything were searched for', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 7 }), (pieces) => {
        const words = pieces.join('');
        // A mark is a hint: behind one, and a clean edge, all searches are made.
        if (words.length >= 6) assert.equal(redact(`[redacted]. | ${words}`), `[redacted]. | ${redact(words)}`);
      }),
      { numRuns: 2_000 },
    );
  });

  it('finds each shape and each part where it stands alone', () => {
    for (const secret of [...shapes, ...more, ...long, ...said, ...parts]) assert.notEqual(redact(secret), secret, secret);
  });
});

describe('what is a secret', () => {
  it('is known by its name', () => {
    for (const name of ['ANTHROPIC_API_KEY', 'CLAUDE_CODE_OAUTH_TOKEN', 'DB_PASSWORD', 'GH_PAT', 'SLACK_WEBHOOK_URL', 'AWS_SECRET_ACCESS_KEY', 'OPENAI_APIKEY'])
      assert.ok(isSecretName(name), name);
    for (const name of ['PATH', 'HOME', 'KEYBOARD', 'TOKENIZERS_PARALLELISM', 'LANG', 'MONKEY', 'SSH_AUTH_SOCK', 'XAUTHORITY'])
      assert.ok(!isSecretName(name), name);
  });

  it('is no path, unless its name says so, and nothing short', () => {
    assert.ok(!isSecretValue('VAULT', '/srv/vault/notes'));
    assert.ok(isSecretValue('VAULT_KEY', '/srv/vault/notes'));
    assert.ok(isSecretValue('VAULT', 'correct-horse'));
    assert.ok(!isSecretValue('VAULT_KEY', 'short'));
  });
});

describe('the name of a secret', () => {
  const WORDS =
    /(?:^|_)(?:KEY|TOKEN|SECRET|PASS|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|COOKIE|DSN|AUTH|PAT|WEBHOOK|WEBHOOK_URL)$|APIKEY$|_(?:SECRET|TOKEN|PASSWORD)_/i;

  it('is one by its last word, and by some words anywhere, however they are written', () => {
    const part = fc.constantFrom(
      'KEY',
      'key',
      'Token',
      'SECRET',
      'PASS',
      'PATH',
      'CREDENTIAL',
      'credentials',
      'WEBHOOK',
      'URL',
      'DB',
      'APIKEY',
      'MYAPIKEY',
      '',
      'X',
      'password',
      'PAT',
      'Dsn',
    );
    const name = fc.tuple(fc.array(part, { maxLength: 5 }), fc.constantFrom('_', '_', '-', '')).map(([parts, by]) => parts.join(by));
    fc.assert(
      fc.property(name, (one) => isSecretName(one) === WORDS.test(one)),
      { numRuns: 3_000 },
    );
  });
});

describe('words of any depth', () => {
  it('are redacted, but for what stands under names that are excepted', () => {
    const value = { kind: VALUE, reason: `x ${VALUE}`, list: [{ command: VALUE, pid: 3 }], none: null };
    assert.deepEqual(redactWords(value, byValue, new Set(['kind'])), {
      kind: VALUE,
      reason: 'x [redacted DB_PASS]',
      list: [{ command: '[redacted DB_PASS]', pid: 3 }],
      none: null,
    });
  });

  it('are the very same where there was no secret, and leave every name its value where there was one', () => {
    const value = { reason: 'exit 1', list: [{ pid: 3 }, 'x'], none: undefined };
    assert.equal(redactWords(value, byValue, new Set()), value);
    const odd = JSON.parse(`{"__proto__": "a", "said": ["b", ${JSON.stringify(VALUE)}], "n": 0}`);
    const clean = redactWords(odd, byValue, new Set());
    assert.equal(JSON.stringify(clean), '{"__proto__":"a","said":["b","[redacted DB_PASS]"],"n":0}');
    assert.ok(JSON.stringify(odd).includes('hunter2'), 'and what it was made of is as it was');
  });
});
