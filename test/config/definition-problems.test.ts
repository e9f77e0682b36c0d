import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createDefinitions } from '../../lib/config/definitions.ts';
import { CadenceError } from '../../lib/core/error.ts';
import { formatProblem } from '../../lib/core/text/problem-text.ts';
import { createFiles } from '../../lib/platform/files.ts';
import type { Files } from '../../lib/ports.ts';
import { createYard, HOME, loadOne, placesOf } from './definition-yard.ts';

const FIXTURES = new URL('../fixtures/cadences/', import.meta.url);
const RUN = 'run: {command: [true]}\n';

/** Title, text, where, and what the first message and hint say. */
type Case = readonly [title: string, text: string, places: readonly string[], says: RegExp];

const YAML_CASES: readonly Case[] = [
  ['an unknown key', `${RUN}timout: 5m\n`, ['2:1 timout'], /unknown key "timout".*Did you mean "timeout"\? Allowed here: description, /],
  ['a key in another spelling', `${RUN}killGrace: 5s\n`, ['2:1 killGrace'], /Did you mean "kill_grace"/],
  ['an unknown key far from all', `${RUN}zzz: 5m\n`, ['2:1 zzz'], /unknown key "zzz" Allowed here: /],
  ['an unknown key in an inner map', 'run:\n  command: [a]\n  ok_code: [1]\n', ['3:3 run.ok_code'], /Did you mean "ok_codes"/],
  ['a key of every object, which is no key here', `${RUN}constructor: x\ntoString: y\n`, ['2:1 constructor', '3:1 toString'], /unknown key/],
  ['no run at all', 'description: x\n', ['1:1 run'], /missing, expected a map with one of command, inline, claude, agent The smallest cadence is/],
  ['a number where a word belongs', 'run: {command: [a]}\ndescription: 5\n', ['2:14 description'], /found the number 5, expected text Put it in quotes/],
  ['a number without a unit', `${RUN}timeout: 5\n`, ['2:10 timeout'], /found the number 5, expected a duration with a unit, such as 90s/],
  ['words that are no duration', `${RUN}timeout: five minutes\n`, ['2:10 timeout'], /found "five minutes", expected a duration/],
  ['nothing as the age at which ticks expire', `${RUN}expires: 0s\n`, ['2:10 expires'], /expected a duration/],
  ['a size without a unit', `${RUN}log_cap: 256\n`, ['2:10 log_cap'], /expected a size with a unit/],
  ['yes, which is no boolean in YAML', `${RUN}enabled: yes\n`, ['2:10 enabled'], /found "yes", expected true or false YAML knows true and false only/],
  ['a word that is not among those allowed', `${RUN}overlap: coalese\n`, ['2:10 overlap'], /expected one of coalesce, queue, skip Did you mean "coalesce"\?/],
  ['an empty value, at its key', `${RUN}timeout:\n`, ['2:1 timeout'], /found an empty value/],
  ['a bare ~, which YAML takes for nothing', 'run: {command: [a], cwd: ~}\n', ['1:21 run.cwd'], /Put it in quotes: ~ alone/],
  ['the home of somebody else', 'run: {command: [a], cwd: ~root/x}\n', ['1:26 run.cwd'], /another user/],
  ['a list where a map belongs', `${RUN}retry: [1]\n`, ['2:8 retry'], /found a list, expected a map such as/],
  ['a list as the whole file', '- run\n', ['1:1'], /found a list, expected a map/],
  ['a word as the whole file', 'hello\n', ['1:1'], /found "hello", expected a map/],
  ['an empty file', '', ['1:1 run'], /missing/],
  ['a file of comments', '# a\n# b\n', ['1:1 run'], /missing/],
  ['run as a word', 'run: ./x.sh\n', ['1:6 run'], /found ".\/x.sh", expected a map .* Write run: \{command: …\}/],
  ['run without a kind', 'run: {env: [A]}\n', ['1:1 run'], /names no kind/],
  ['run with a misspelt kind', 'run: {comand: [a]}\n', ['1:7 run.comand'], /unknown key "comand" Did you mean "command"\?/],
  ['run with two kinds', 'run: {command: a, inline: ./b.mjs}\n', ['1:1 run'], /names command and inline, expected one of them/],
  ['a guard that costs money', `${RUN}guard: {claude: {}}\n`, ['2:1 guard', '2:9 guard.claude'], /names no kind, expected one of command, inline/],
  ['a claude session without a prompt', 'run: {claude: {}}\n', ['1:7 run.claude'], /no prompt in a YAML file Make it an \.md file/],
  ['an empty command', 'run: {command: []}\n', ['1:16 run.command'], /found an empty list/],
  ['an empty program', 'run: {command: ["", x]}\n', ['1:16 run.command'], /the program is an empty word/],
  ['a blank command', 'run: {command: "  "}\n', ['1:16 run.command'], /expected a list of words/],
  ['an empty word of YAML in a command', 'run: {command: [a, null]}\n', ['1:20 run.command[1]'], /found an empty value, expected a word; put it in quotes/],
  ['a NUL character in a word', 'run: {command: ["a\\0b"]}\n', ['1:17 run.command[0]'], /without a NUL/],
  ['a pipe outside a shell', 'run: {command: "ls | wc"}\n', ['1:16 run.command'], /found \|, which only a shell understands Set shell: true/],
  ['a substitution outside a shell', 'run: {command: echo $(date)}\n', ['1:16 run.command'], /found \$\(/],
  ['a quote that is never closed', `run: {command: "ls 'x"}\n`, ['1:16 run.command'], /the quote ' is never closed/],
  ['a list for a shell', 'run: {command: [ls, x], shell: true}\n', ['1:16 run.command'], /expected one text, because shell is true/],
  ['a program that is not there', 'run:\n  command:\n    - ./nope.sh\n', ['3:7 run.command[0]'], /there is no program \/.*\/nope\.sh/],
  ['a program in one text that is not there', 'run: {command: ./nope.sh -x}\n', ['1:16 run.command'], /there is no program/],
  ['a guard that is not there', `${RUN}guard: {command: [./nope.sh]}\n`, ['2:19 guard.command[0]'], /there is no program/],
  ['an inline file that is not there', 'run: {inline: ./nope.mjs}\n', ['1:15 run.inline'], /there is no file \/.*\/nope\.mjs/],
  ['an inline file that is no module', 'run: {inline: ./x.py}\n', ['1:15 run.inline'], /expected a module .* use command/],
  ['an inline folder', 'run: {inline: ./folder.mjs}\n', ['1:15 run.inline'], /is a folder, expected a file/],
  ['an inline path longer than any system takes', `run: {inline: ./${'x'.repeat(5000)}.mjs}\n`, ['1:15 run.inline'], /cannot be looked at/],
  ['an exit code out of range', 'run: {command: [a], ok_codes: [0, 256, x]}\n', ['1:35 run.ok_codes[1]', '1:40 run.ok_codes[2]'], /from 0 to 255/],
  [
    'names that are none in env',
    'run:\n  command: [a]\n  env: [A, {B: 1, "c d": 2}, 5, "x y"]\n',
    ['3:19 run.env[1].c d', '3:30 run.env[2]', '3:33 run.env[3]'],
    /the name of an environment variable/,
  ],
  ['a value in env that is a list', 'run: {command: [a], env: {A: [1]}}\n', ['1:30 run.env.A'], /found a list, expected a word/],
  ['a lane that is not there', `${RUN}lane: agnt\n`, ['2:7 lane'], /no lane "agnt", expected one of agent, command, inline Did you mean "agent"\?/],
  ['a breaker that contradicts itself', `${RUN}breaker: {open: 5h, max_open: 4h}\n`, ['2:31 breaker.max_open'], /found 4h, expected no less than open \(5h\)/],
  [
    'numbers out of range',
    `${RUN}retry: {attempts: 0, delays: [], jitter: 2}\n`,
    ['2:19 retry.attempts', '2:30 retry.delays', '2:42 retry.jitter'],
    /from 1 to 1000/,
  ],
  ['a name in required_env that is none', `${RUN}required_env: [A-B]\n`, ['2:16 required_env[0]'], /the name of an environment variable/],
  ['inputs as a list', `${RUN}inputs: [a]\n`, ['2:9 inputs'], /found a list, expected a map name: text/],
  ['a tab as indentation', 'run:\n\tcommand: [a]\n', ['2:1'], /not valid YAML.*Indent with spaces/],
  ['two documents', `${RUN}---\n${RUN}`, ['2:1'], /One file is one document/],
  ['a key that stands there twice', `${RUN}timeout: 1m\ntimeout: 2m\n`, ['3:1 timeout'], /twice, first in line 2/],
  ['a merge key', `retry: &r {attempts: 3}\nbreaker: {<<: *r}\n${RUN}`, ['2:11 breaker.<<'], /merge keys are not supported/],
  ['an anchor that is not there', 'run: {command: [*x]}\n', ['1:17 run.command[0]'], /\*x has no anchor before it/],
  ['a value that contains itself', 'run: &a {command: [x], env: [*a]}\n', ['1:30 run.env[0]'], /\*a contains itself/],
  ['a tag', 'run: !exec {command: [a]}\n', ['1:6'], /Tags \(!name\) are not used here/],
  ['binary data', 'description: !!binary aGVsbG8=\nrun: {command: [a]}\n', ['1:14'], /Tags/],
  ['a colon in a text', `description: a: b\n${RUN}`, ['1:14'], /put quotes around a text/],
  ['a bracket that is never closed', 'run: {command: [a}\n', ['1:18', '1:19'], /not valid YAML/],
  ['CRLF line ends', 'run: {command: [a]}\r\n\r\ntimeot: 5m\r\n', ['3:1 timeot'], /Did you mean "timeout"/],
  ['a byte order mark', '\ufefftimeot: 5m\nrun: {command: [a]}\n', ['1:1 timeot'], /Did you mean "timeout"/],
  ['__proto__ as a key', `${RUN}__proto__: {enabled: false}\ninputs: {__proto__: x}\n`, ['2:1 __proto__', '3:10 inputs.__proto__'], /not allowed/],
  ['a list as a key', `${RUN}? [a]\n: b\n`, ['2:3'], /A key is a plain word/],
  ['a key without a name', `${RUN}: b\n`, ['2:1'], /a key without a name/],
  ['a NUL character', 'run: {command: [a\0]}\n', ['1:18'], /a control character/],
  ['an unknown key with an escape sequence in it', `${RUN}"\\e[31m": 1\n`, ['2:1 \u001b[31m'], /unknown key "\\u001b\[31m"/],
];

const PROMPT_CASES: readonly Case[] = [
  ['an empty prompt', '', ['1:1'], /the prompt is empty/],
  ['an empty prompt behind front matter', '---\ntimeout: 5m\n---\n\n', ['4:1'], /the prompt is empty/],
  ['front matter that never ends', '---\ntimeout: 5m\n\nhello\n', ['1:1'], /never ends/],
  ['an unknown key, in the line of the file', '---\ndescription: x\ntimout: 5m\n---\nhello\n', ['3:1 timout'], /Did you mean "timeout"/],
  ['the same with CRLF and a byte order mark', '\ufeff---\r\ndescription: x\r\ntimout: 5m\r\n---\r\nhello\r\n', ['3:1 timout'], /Did you mean "timeout"/],
  ['YAML that is none, in the line of the file', '---\nrun: [\n---\nhello\n', ['3:1'], /not valid YAML/],
  ['another kind of run', '---\nrun: {command: [a]}\n---\nhello\n', ['2:7 run.command'], /an \.md file is the prompt of a claude session/],
  [
    'an option that is ours',
    '---\nrun: {claude: {args: [--output-format=text]}}\n---\nhi\n',
    ['2:23 run.claude.args[0]'],
    /--output-format is set by the program itself/,
  ],
  [
    'a word that would be taken for a tool',
    '---\nrun: {claude: {allowed_tools: [Read], args: [Bash]}}\n---\nhi\n',
    ['2:46 run.claude.args[0]'],
    /expected an option that begins with -/,
  ],
  [
    'a tool that would be taken for an option',
    '---\nrun: {claude: {allowed_tools: [--x]}}\n---\nhi\n',
    ['2:32 run.claude.allowed_tools[0]'],
    /the name of a tool/,
  ],
  ['a model that would be taken for an option', '---\nrun: {claude: {model: -p}}\n---\nhi\n', ['2:23 run.claude.model'], /the name of a model/],
  ['an mcp_config that is not there', '---\nrun: {claude: {mcp_config: ./nope.json}}\n---\nhi\n', ['2:28 run.claude.mcp_config'], /there is no file/],
  ['a NUL character in the prompt', '---\ntimeout: 5m\n---\nhi\nx\0\n', ['5:1'], /a NUL character/],
];

for (const [file, cases] of [
  ['case.yaml', YAML_CASES],
  ['case.md', PROMPT_CASES],
] as const) {
  describe(`${file} says where and what it is, D11`, () => {
    for (const [title, text, places, says] of cases) {
      it(`for ${title}`, () => {
        const { cadence, problems } = loadOne(file, text, ({ paths }) => mkdirSync(`${paths.root}/folder.mjs`));
        assert.deepEqual(placesOf(problems), places);
        assert.match(`${problems[0]?.message} ${problems[0]?.hint}`, says);
        assert.equal(cadence, undefined);
      });
    }
  });
}

describe('keys of the design that this version does not carry out', () => {
  for (const key of ['lifecycle', 'watch']) {
    it(`${key} is refused, so that nobody believes in it, and says what to do instead`, () => {
      const { cadence, problems } = loadOne('later.yaml', `${RUN}${key}: whatever\n`);
      assert.equal(cadence, undefined);
      assert.deepEqual(placesOf(problems), [`2:1 ${key}`]);
      assert.equal(problems[0]?.message, 'known, not in this version yet');
      assert.match(problems[0]?.hint ?? '', /^Remove it/);
    });
  }
});

describe('what lies in the folder and is no plain file', () => {
  it('a symbolic link, a FIFO and a folder are problems, never followed, never a hang', () => {
    const yard = createYard();
    writeFileSync(join(yard.paths.root, 'outside.yaml'), RUN);
    symlinkSync(join(yard.paths.root, 'outside.yaml'), join(yard.paths.cadences, 'link.yaml'));
    mkdirSync(join(yard.paths.cadences, 'folder.yaml'));
    execFileSync('mkfifo', [join(yard.paths.cadences, 'pipe.yaml')]);
    execFileSync('mkfifo', [join(yard.paths.cadences, 'bus.yaml')]);
    const definitions = yard.load();
    assert.deepEqual(
      definitions.all().map(({ name, cadence, problems }) => [name, cadence, problems[0]?.message]),
      [
        ['folder', undefined, 'a folder, expected a regular file'],
        ['link', undefined, 'a symbolic link, expected a regular file'],
        ['pipe', undefined, 'a FIFO, socket or device, expected a regular file'],
      ],
    );
    assert.equal(definitions.problems().length, 4);
  });

  it('a file too large for its kind is refused by its size', () => {
    const { problems } = loadOne('large.yaml', `${RUN}#${'x'.repeat(10 * 1024 * 1024)}`);
    assert.deepEqual(
      problems.map(({ message }) => message),
      ['larger than 256 KB'],
    );
    assert.deepEqual(
      loadOne('large.md', 'x'.repeat(1024 * 1024 + 1)).problems.map(({ message }) => message),
      ['larger than 1024 KB'],
    );
    assert.deepEqual(loadOne('large.md', 'x'.repeat(1024 * 1024)).problems, []);
    assert.match(loadOne('large.md', `---\n#${'x'.repeat(300 * 1024)}\n---\nhi`).problems[0]?.message ?? '', /front matter is larger than 256 KB/);
  });

  it('text in another encoding is refused', () => {
    assert.match(loadOne('latin.yaml', Buffer.from('description: caf\xe9\n', 'latin1')).problems[0]?.message ?? '', /not UTF-8/);
    assert.match(loadOne('wide.yaml', Buffer.from(`\ufeff${RUN}`, 'utf16le')).problems[0]?.message ?? '', /not UTF-8/);
  });

  it('a folder of definitions that is none is a problem, and the definitions stay', () => {
    const yard = createYard();
    yard.put('kept.yaml', RUN);
    const definitions = yard.load();
    execFileSync('mv', [yard.paths.cadences, `${yard.paths.cadences}-away`]);
    writeFileSync(yard.paths.cadences, 'not a folder');
    assert.deepEqual(definitions.reload(), []);
    assert.ok(definitions.get('kept')?.cadence);
    assert.equal(definitions.problems()[0]?.path, yard.paths.cadences);
  });

  it('a disk that fails while a file is looked at or read leaves the last good definition in force', () => {
    const yard = createYard();
    yard.put('kept.yaml', RUN);
    const files = createFiles();
    const fail = (): never => {
      throw new CadenceError('io', 'the disk is gone');
    };
    let failing: Partial<Files> = {};
    const definitions = createDefinitions({
      files: {
        list: files.list,
        realPath: files.realPath,
        info: (path) => (failing.info ?? files.info)(path),
        read: (path, most) => (failing.read ?? files.read)(path, most),
      },
      paths: yard.paths,
      home: HOME,
    });
    for (const fault of [{ info: fail, read: fail }, { read: fail }]) {
      failing = fault;
      assert.deepEqual(
        definitions.reload(join(yard.paths.cadences, 'kept.yaml')).map(({ kind, problems }) => [kind, problems[0]?.message]),
        [['broken', 'the disk is gone']],
      );
      assert.ok(definitions.get('kept')?.cadence);
      failing = {};
      assert.deepEqual(
        definitions.reload().map(({ kind }) => kind),
        ['healed'],
      );
    }
  });
});

describe('names', () => {
  it('P1a a wrong name is a problem with a better name, and no definition', () => {
    const yard = createYard();
    for (const file of ['Bad_Name.yaml', 'x.md', '-dash.yml', `${'x'.repeat(51)}.yaml`, 'good.YAML', 'a b.yaml']) yard.put(file, RUN);
    const definitions = yard.load();
    assert.deepEqual(definitions.all(), []);
    assert.equal(definitions.problems().length, 6);
    const bad = definitions.problems().find(({ path }) => path.endsWith('Bad_Name.yaml'));
    assert.match(`${bad?.message} ${bad?.hint}`, /"Bad_Name" is not a cadence name .* For example bad-name\.yaml\./);
    assert.equal(definitions.get('Bad_Name.yaml'), undefined);
  });

  it('one name in two files is a problem that names both', () => {
    const yard = createYard();
    yard.put('twin.yaml', RUN);
    yard.put('twin.md', 'hello');
    const definition = yard.load().get('twin');
    assert.equal(definition?.cadence, undefined);
    assert.deepEqual(
      definition?.problems.map(({ path }) => path.slice(yard.paths.cadences.length + 1)),
      ['twin.md', 'twin.yaml'],
    );
    for (const { message } of definition?.problems ?? []) assert.equal(message, 'twin is defined twice, in twin.md and twin.yaml');
  });

  it('bus and bus-… belong to the program', () => {
    const yard = createYard();
    for (const file of ['bus.md', 'bus.yml', 'bus-heartbeat.yaml']) yard.put(file, RUN);
    const definitions = yard.load();
    assert.deepEqual(definitions.all(), []);
    assert.deepEqual(
      definitions
        .problems()
        .map(({ message }) => message.slice(0, 30))
        .sort(),
      ['names that begin with bus- belo', 'the settings of the bus are in', 'the settings of the bus are in'].map((text) => text.slice(0, 30)),
    );
  });

  it('hidden files, what editors leave, other suffixes and the README are nobody’s definition', () => {
    const yard = createYard();
    for (const file of ['.hidden.yaml', '#x#.yaml', 'x.yaml~', '.x.yaml.swp', '4913', 'handler.mjs', 'README.md']) yard.put(file, 'x');
    const definitions = yard.load();
    assert.deepEqual([definitions.all(), definitions.problems()], [[], []]);
  });

  it('D24 a file dropped in is a cadence, in each of the three suffixes, sorted by name', () => {
    const yard = createYard();
    yard.put('cc.yml', RUN);
    yard.put('aa.md', 'hello');
    yard.put('bb.yaml', RUN);
    assert.deepEqual(
      yard
        .load()
        .all()
        .map(({ name, cadence }) => [name, cadence?.run.kind]),
      [
        ['aa', 'claude'],
        ['bb', 'command'],
        ['cc', 'command'],
      ],
    );
  });

  it('no folder at all is no definition and no problem', () => {
    const yard = createYard();
    execFileSync('rmdir', [yard.paths.cadences]);
    const definitions = yard.load();
    assert.deepEqual([definitions.all(), definitions.problems()], [[], []]);
  });
});

describe('the text of problems', () => {
  it('is what the golden file says, file by file', () => {
    const yard = createYard();
    for (const file of readdirSync(new URL('broken/', FIXTURES))) yard.put(file, readFileSync(new URL(`broken/${file}`, FIXTURES)));
    const text = yard
      .load()
      .problems()
      .map((problem) => formatProblem({ ...problem, path: problem.path.slice(yard.paths.root.length + 1) }));
    assert.equal(`${text.join('\n')}\n`, readFileSync(new URL('broken.txt', FIXTURES), 'utf8'));
  });

  it('a thousand mistakes are fifty, and a line that counts the others', () => {
    const { problems } = loadOne('many.yaml', Array.from({ length: 1000 }, (_, index) => `zz${index}: 1`).join('\n'));
    assert.equal(problems.length, 51);
    assert.equal(problems.at(-1)?.message, 'and 951 more problems from here on');
  });
});

it('keys that look like front matter and are words of the prompt are warned of', () => {
  const warnings = (text: string): readonly string[] => {
    const { problems, yard } = loadOne('brief.md', text);
    assert.deepEqual(problems, []);
    return (yard.load().all()[0]?.warnings ?? []).map(({ line, message }) => `${line} ${message}`);
  };
  const told = 'these keys are a part of the prompt';
  assert.deepEqual(warnings('\n\n---\nschedule: daily 7:00\nbudget: {day_usd: 1}\n---\nhi\n'), [`3 ${told}`]);
  assert.deepEqual(warnings('---yaml\r\nschedule: daily 7:00\r\n---\r\nhi\r\n'), [`1 ${told}`]);
  for (const text of [
    'hi\n',
    '\n---\nhi\n---\n',
    '\n---\nschedule: daily\n',
    '---\ntimeout: 5m\n---\nhi\n\n---\nschedule: x\n---\n',
    'hi\n---\nschedule: x\n---\n',
  ])
    assert.deepEqual(warnings(text), [], text);
});
