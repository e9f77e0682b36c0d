import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { createOwnerSurroundingsCheck } from '../../lib/doctor/owner-surroundings.ts';
import { parseOwnerInfo } from '../../lib/platform/owner-info.ts';
import type { OwnerInfo, OwnerState, Surroundings } from '../../lib/ports.ts';
import { createYard } from '../owner/owner-yard.ts';
import { OWNER, stateOf } from './yard.ts';

const HERE: Surroundings = { path: '/usr/bin:/bin', home: '/home/ada', claude: '/usr/bin/claude' };
const inspect = (owner: () => Promise<OwnerState>, isClaudeSet = false) =>
  createOwnerSurroundingsCheck({ owner, here: () => HERE, isClaudeSet: () => isClaudeSet }).inspect();
const having = (about: Partial<Surroundings>): OwnerInfo => ({ ...OWNER, surroundings: { ...HERE, ...about } });

describe("the check of the owner's surroundings", () => {
  it('is well where they are the same, with more folders in another order, with an older owner, and with none', async () => {
    for (const owner of [having({}), having({ path: '/bin:/opt/bin:/usr/bin' }), OWNER]) assert.equal((await inspect(stateOf('answers', owner))).level, 'ok');
    assert.equal((await inspect(stateOf('none', having({ home: '/root' })))).level, 'ok');
  });

  it('warns of another HOME, another claude and a PATH that lacks folders', async () => {
    const other = having({ path: '/bin', home: '/root', claude: null });
    assert.deepEqual(await inspect(stateOf('answers', other)), {
      level: 'warn',
      detail: [
        "the owner's HOME is /root, here it is /home/ada: it may have another login",
        'the owner finds no claude, this shell /usr/bin/claude',
        "the owner's PATH lacks /usr/bin",
      ].join('\n'),
      mend: 'kill 4242 && cadence-bus start',
    });
  });

  it('does not look at which claude is found where bus.yaml names one', async () => {
    assert.equal((await inspect(stateOf('answers', having({ claude: '/opt/claude' })), true)).level, 'ok');
  });
});

describe('the surroundings in owner.json', () => {
  it('are PATH, HOME and claude of a real owner, and nothing else of its environment', async () => {
    const yard = createYard();
    const home = `${yard.root}/home`;
    mkdirSync(home);
    const claude = yard.put('home/.local/bin/claude', '#!/bin/sh\n', 0o755);
    const path = `/nowhere:${process.env.PATH}`;
    const owner = await yard.start({ env: { HOME: home, PATH: path, ANTHROPIC_API_KEY: 'sk-ant-planted-0123456789' } });
    const text = readFileSync(yard.paths.owner, 'utf8');
    const { surroundings } = JSON.parse(text);
    assert.deepEqual([surroundings.path, surroundings.home, Object.keys(surroundings)], [path, home, ['path', 'home', 'claude']]);
    // Another one may stand on the PATH of this machine, and goes first.
    assert.ok(surroundings.claude === claude || path.split(':').some((folder) => surroundings.claude === `${folder}/claude`), surroundings.claude);
    assert.doesNotMatch(text, /planted/);
    owner.kill('SIGTERM');
    await owner.ended;
  });

  it('are refused where they are of another shape', () => {
    assert.equal(parseOwnerInfo({ ...OWNER, surroundings: { path: 1 } }), undefined);
    assert.equal(parseOwnerInfo({ ...OWNER, surroundings: null }), undefined);
    assert.deepEqual(parseOwnerInfo(having({ claude: null })), having({ claude: null }));
  });
});
