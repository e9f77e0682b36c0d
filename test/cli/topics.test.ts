import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { COMMANDS } from '../../lib/cli/commands.ts';
import { TOPICS } from '../../lib/cli/topics.ts';
import { checkBusSettings } from '../../lib/wire/bus-settings.ts';
import { checkCadence } from '../../lib/wire/cadence.ts';
import { readYaml } from '../../lib/wire/yaml-source.ts';
import { call } from '../support/cli.ts';
import { PROJECT } from '../support/packed.ts';

const README = readFileSync(join(PROJECT, 'README.md'), 'utf8');
const NAMES = TOPICS.map(({ name }) => name);

/** The indented blocks of a text, each without its indentation. */
function samples(text: string): readonly string[] {
  return text
    .split('\n\n')
    .filter((block) => block.split('\n').every((line) => line.startsWith('  ')))
    .map((block) => block.replaceAll(/^ {2}/gm, ''));
}

describe('help on a topic', () => {
  it('is named by --help, told by help <topic>, and part of the manual', async () => {
    const overview = (await call(['--help'])).stdout;
    const manual = (await call(['help', '--man'])).stdout;
    for (const { name, summary, text } of TOPICS) {
      assert.ok(overview.includes(`  ${name.padEnd(14)}${summary}\n`), name);
      assert.equal((await call(['help', name])).stdout, `${text}\n`);
      assert.ok(manual.includes(`.SH ABOUT ${name.toUpperCase()}\n`), name);
    }
    assert.equal((await call(['help', 'no-such-topic'])).code, 64);
  });

  it('bears no name of a command, so that help <command> is what it was', async () => {
    assert.deepEqual(
      COMMANDS.filter(({ name }) => NAMES.includes(name)),
      [],
    );
    assert.match((await call(['help', 'run'])).stdout, /^Examples\n {2}cadence-bus run /);
  });

  it('shows settings that are right', () => {
    const all = TOPICS.flatMap(({ text }) => samples(text));
    const settings = all.filter((sample) => /^(# (in )?cadences\/bus\.yaml|agents:)/.test(sample));
    const keys = all.filter((sample) => /^# more keys of /.test(sample));
    assert.ok(settings.length >= 3 && keys.length >= 3, `${settings.length} and ${keys.length} found`);
    for (const sample of settings) assert.deepEqual(checkBusSettings(readYaml(sample)).problems, [], sample);
    for (const sample of keys) {
      const run = /^run:/m.test(sample) ? '' : 'run: { command: [./x.sh] }\n';
      assert.deepEqual(checkCadence(readYaml(`${run}${sample}`), false).problems, [], sample);
    }
  });
});

describe('README.md', () => {
  it('is short, and sends its reader to topics that there are', () => {
    const lines = README.split('\n').filter((line) => !line.startsWith('|'));
    assert.ok(lines.length <= 223, `${lines.length} lines beside its tables`);
    const named = [...README.matchAll(/`(?:cadence-bus )?help ([a-z]+)`/g)].map(([, name]) => name);
    assert.deepEqual([...new Set(named)].toSorted(), NAMES.toSorted());
  });
});
