import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { npmSettings, type Packed, PROJECT, packed } from '../support/packed.ts';
import { type Command, readmeBlocks, readmeCadences, readmeCommands } from '../support/readme.ts';
import { tempRoot } from '../support/temp-root.ts';

/** Commands of sections that begin with a clone run in a copy of it; all others in an agent root, beside the installed package. */
const IN_CHECKOUT: readonly string[] = ['cadence-bus', 'Try it'];

/** They go on until somebody ends them, so they are heard until they have said this, and ended after all that follows in their place. */
const GOES_ON: Readonly<Record<string, RegExp>> = {
  'npm ci && npm start': /demo-broken breaker open after/,
  'cadence-bus start': /owns /,
  'cadence-bus web': /http:\/\/127\.0\.0\.1:\d+\//,
};

/** What no test can run to the letter, each with the reason. A line is named by its beginning. */
const NOT_RUN: readonly (readonly [beginning: string, because: string])[] = [
  ['cadence-bus install', 'it would hand the test to launchd or systemd of this machine; test/cli/install.test.ts has stand-ins for them'],
  ['cadence-bus doctor --inside', 'the same'],
  ['cadence-bus uninstall', 'the same'],
];

/** Exit codes beside 0 that are no failure of the command. */
const ALSO_WELL: readonly (readonly [beginning: string, code: number, because: string])[] = [
  ['cadence-bus doctor', 1, 'it tells what is wrong with the machine that the test runs on, such as a full disk'],
  ['cadence-bus incidents show', 66, 'nothing has failed in the root of the test'],
  ['cadence-bus heartbeat', 1, 'it finds that a run is missing, where the reader’s story left one'],
  ['cadence-bus notify test', 1, 'the variables that its sinks name are not set: a notice would leave the machine'],
];

const LIMIT_MS = 240_000;
const commands = readmeCommands();

interface Place {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

interface Told {
  readonly code: number | null;
  readonly said: string;
}

const leaders: ChildProcess[] = [];
/** What those that go on have said so far. */
const heard = new Map<string, () => string>();

/** In a process group of its own, as a terminal gives to a job. */
function begin(text: string, { cwd, env }: Place): { readonly child: ChildProcess; readonly said: () => string } {
  const child = spawn('/bin/sh', ['-c', text], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  leaders.push(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (words: string) => (said += words));
  return { child, said: () => said };
}

async function run(text: string, place: Place): Promise<Told> {
  const { child, said } = begin(text, place);
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), LIMIT_MS);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, said: said() };
  } finally {
    clearTimeout(timer);
  }
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  process.kill(-child.pid, signal);
}

async function endAll(signal: NodeJS.Signals): Promise<void> {
  for (const child of leaders.splice(0)) {
    const ended = child.exitCode !== null || child.signalCode !== null ? undefined : once(child, 'exit');
    signalGroup(child, signal);
    await ended;
  }
}

/** The words in angle brackets, by what stands in the root. */
function filled(text: string, { cwd, env }: Place): string {
  return text.replace(/<(\w+)>/g, (_all, word: string) => {
    if (word === 'cadence') return 'nightly-backup';
    assert.equal(word, 'run', `the test does not know what to put for <${word}>`);
    const answer = execFileSync('cadence-bus', ['runs', '--limit', '1', '--json'], { cwd, env, encoding: 'utf8' });
    return (JSON.parse(answer) as { runs: readonly { run_id: string }[] }).runs[0]?.run_id ?? '';
  });
}

async function follow(command: Command, place: Place): Promise<void> {
  const at = `README.md:${command.line}: ${command.text}`;
  const goal = GOES_ON[command.text];
  if (goal === undefined) {
    const { code, said } = await run(filled(command.text, place), place);
    const isWell = code === 0 || ALSO_WELL.some(([beginning, other]) => command.text.startsWith(beginning) && code === other);
    assert.ok(isWell, `${at} ended with ${code}:\n${said}`);
    return;
  }
  const { child, said } = begin(command.text, place);
  heard.set(command.text, said);
  await eventually(
    at,
    () => {
      assert.ok(child.exitCode === null, `${at} ended with ${child.exitCode}:\n${said()}`);
      return goal.test(said());
    },
    LIMIT_MS,
  );
}

function toTest(isWanted: (section: string) => boolean): readonly Command[] {
  return commands.filter(({ section, text }) => isWanted(section) && !NOT_RUN.some(([beginning]) => text.startsWith(beginning)));
}

describe('the commands of README.md', () => {
  after(() => endAll('SIGKILL'));

  it('are there, and what is told of them here still stands there', () => {
    assert.ok(commands.length >= 12, `${commands.length} commands found`);
    for (const beginning of [...Object.keys(GOES_ON), ...NOT_RUN.map(([text]) => text), ...ALSO_WELL.map(([text]) => text)]) {
      assert.ok(
        commands.some(({ text }) => text.startsWith(beginning)),
        `no command of README.md begins with "${beginning}" any more`,
      );
    }
  });

  describe('in a fresh copy of the repository, with an empty home', () => {
    const cwd = join(tempRoot('cb-readme-'), 'cadence-bus');
    const home = tempRoot('cb-home-');
    let place: Place;

    before(() => {
      const made = new Set(['node_modules', 'dist', '.git', 'state', 'logs', 'coverage']);
      cpSync(PROJECT, cwd, { recursive: true, filter: (from) => !made.has(from.slice(PROJECT.length).replace(/^\//, '')) });
      // The demonstration, cut short: the same story without its pauses, and a breaker that is still open when it is looked at.
      shorten('demo-broken.yaml', [/delays: \[.*?\]/, 'delays: [100ms]'], [/open: \w+, max_open: \w+/, 'open: 1h, max_open: 1h']);
      shorten('demo-flaky.yaml', [/delays: \[.*?\]/, 'delays: [100ms]']);
      shorten('demo-slow.yaml', [/sleep 1/, 'sleep 0.1']);
      const env = { ...packed().env, ...npmSettings(), npm_config_prefer_offline: 'true', npm_config_update_notifier: 'false' };
      place = { cwd, env: { ...env, HOME: home } };
    });
    after(() => endAll('SIGINT'));

    function shorten(file: string, ...changes: readonly (readonly [RegExp, string])[]): void {
      const path = join(cwd, 'cadences', file);
      const text = changes.reduce(
        (whole, [from, to]) => {
          assert.match(whole, from, path);
          return whole.replace(from, to);
        },
        readFileSync(path, 'utf8'),
      );
      writeFileSync(path, text);
    }

    for (const command of toTest((section) => IN_CHECKOUT.includes(section))) it(`line ${command.line}: ${command.text}`, () => follow(command, place));

    it('npm start tells what README.md shows of it', async () => {
      const told = readmeBlocks().find(({ section, language }) => section === 'cadence-bus' && language === 'text');
      const said = heard.get('npm ci && npm start');
      assert.ok(told !== undefined && told.lines.length >= 5 && said !== undefined);
      // Times, lengths and ids are those of another day.
      const plain = (text: string): string => text.replace(/\d{8}T\d{9}Z\.demo-broken\.[a-z0-9]{12}/, 'DEAD').replaceAll(/\d[\d:.]*(?:ms|s)?/g, '·');
      for (const { text } of told.lines)
        await eventually(
          text,
          () =>
            said()
              .split('\n')
              .some((line) => plain(line).includes(plain(text))),
          LIMIT_MS,
        );
    });

    it('and what they show is there: a dead tick with its reason, an open breaker', () => {
      assert.match(readdirSync(join(cwd, 'state/cadence-bus/dlq')).join('\n'), /^\d{8}T\d{9}Z\.demo-broken\.[a-z0-9]{12}\.2\.exhausted\.json$/m);
      const { open } = JSON.parse(readFileSync(join(cwd, 'state/cadence-bus/circuit-open.json'), 'utf8')) as { open: Record<string, unknown> };
      assert.deepEqual(Object.keys(open), ['demo-broken']);
    });
  });

  describe('in an agent root, beside the packed and installed package', () => {
    const [cwd, home] = [tempRoot('cb-readme-'), tempRoot('cb-home-')];
    let place: Place;
    let product: Packed;

    before(() => {
      product = packed();
      mkdirSync(join(cwd, 'cadences'));
      for (const { path, text } of readmeCadences()) writeFileSync(join(cwd, path), text);
      writeFileSync(join(cwd, 'backup.sh'), '#!/bin/sh\necho "backed up"\n');
      chmodSync(join(cwd, 'backup.sh'), 0o755);
      symlinkSync(join(product.packageDir, 'bin'), join(cwd, 'bin'));
      place = { cwd, env: { ...product.env, HOME: home, PATH: `${dirname(product.bin)}:${product.env.PATH}` } };
    });
    after(() => endAll('SIGINT'));

    for (const command of toTest((section) => !IN_CHECKOUT.includes(section))) it(`line ${command.line}: ${command.text}`, () => follow(command, place));

    for (const { language, lines } of readmeBlocks()) {
      const text = lines.map((line) => line.text).join('\n');
      if (language !== 'js' || !text.includes("from 'cadence-bus'")) continue;
      it(`line ${lines[0]?.number}: the program of a caller`, async () => {
        const file = join(mkdtempSync(join(product.folder, 'readme-')), 'caller.mjs');
        writeFileSync(file, text);
        const { code, said } = await run(`node '${file}'`, place);
        assert.equal(code, 0, said);
      });
    }
  });
});
