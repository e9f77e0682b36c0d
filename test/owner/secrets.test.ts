import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { createYard, finalRecord, type Yard } from './owner-yard.ts';

/** By the name of a variable, by being handed on, by being asked for, by what they look like alone. */
const PLANTED = {
  DEPLOY_TOKEN: 'planted-by-name-7731',
  MY_THING: 'planted-handed-on-"8842',
  ASKED_FOR: 'planted-asked-for-9953',
};
const SHAPED = ['sk-ant-api03-plantedByShape0123456789', 'ghp_plantedByShape0123456789abcdefghij', 'plantedInUrl7', 'plantedAsFlag8'];
const SAYS = `key ${SHAPED[0]} at https://ada:${SHAPED[2]}@example.com with ${SHAPED[1]}, called as --password ${SHAPED[3]}`;

/** Everything that the bus itself has written: all but what the children said, and what stands in the cadences. */
function filesOfTheBus(yard: Yard): readonly string[] {
  const below = (dir: string): readonly string[] =>
    readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  return [...below(yard.paths.state), ...below(yard.paths.logs).filter((path) => !path.includes('/subsessions/'))];
}

function filesWith(yard: Yard, words: string): readonly string[] {
  const forms = [words, JSON.stringify(words).slice(1, -1)];
  return filesOfTheBus(yard).filter((path) => forms.some((form) => readFileSync(path, 'utf8').includes(form)));
}

describe('secrets that a run says aloud', () => {
  it('A62 are in its own output file, and in no record, journal, log, hold or report', async () => {
    const yard = createYard();
    yard.cadence(
      'leaks',
      `run: { shell: true, command: ${JSON.stringify(`echo "$MY_THING"; echo ${JSON.stringify(SAYS)} >&2; echo ${PLANTED.DEPLOY_TOKEN} ${PLANTED.ASKED_FOR} >&2; exit 3`)}, env: [MY_THING] }`,
      'required_env: [ASKED_FOR]',
      'retry: { attempts: 2, delays: [0s] }',
    );
    yard.inline('throws', `throw new Error('no ${PLANTED.DEPLOY_TOKEN} ${SHAPED[0]}');`, 'retry: { attempts: 1 }');
    yard.inline(
      'boasts',
      `return 'done with ${PLANTED.DEPLOY_TOKEN} and ${SHAPED[1]}';`,
      `on_complete: ${JSON.stringify(`echo ${PLANTED.DEPLOY_TOKEN} ${SHAPED[0]} >&2; exit 4`)}`,
    );
    const owner = await yard.start({ env: PLANTED });
    const [throws, boasts] = [await yard.enqueue('throws'), await yard.enqueue('boasts')];
    const leaks = await yard.enqueue('leaks');
    const dead = await finalRecord(yard, throws);
    assert.equal(dead.status, 'dead');
    assert.match(dead.reason, /^no \[redacted DEPLOY_TOKEN\] \[redacted\]/);
    assert.equal((await finalRecord(yard, boasts)).summary, 'done with [redacted DEPLOY_TOKEN] and [redacted]');
    const end = await finalRecord(yard, leaks);
    assert.equal(end.status, 'dead');
    assert.match(end.reason, /^exit 3: key \[redacted\] at https:\/\/\[redacted\]@example\.com with \[redacted\]/);
    const because = `${PLANTED.DEPLOY_TOKEN} and ${SHAPED[1]} are out`;
    const pause = await yard.enqueue('bus-control', { payload: { order: 'pause', key: 'cadence:boasts', because } });
    assert.equal((await finalRecord(yard, pause)).status, 'succeeded');
    const hook = await eventually('the hook has failed', () => yard.records().find((run) => run.cadence.startsWith('bus-hook-') && run.status !== 'running'));
    assert.match(hook.reason, /^exit 4: \[redacted DEPLOY_TOKEN\] \[redacted\]/);
    assert.match(readFileSync(yard.paths.holds, 'utf8'), /"\[redacted DEPLOY_TOKEN\] and \[redacted\] are out"/);
    owner.kill('SIGTERM');
    await owner.ended;

    for (const secret of [...Object.values(PLANTED), ...SHAPED]) assert.deepEqual(filesWith(yard, secret), [], secret);
    const told = readFileSync(end.stderr_path ?? '', 'utf8');
    assert.ok(told.includes(SHAPED[0] as string) && told.includes(PLANTED.DEPLOY_TOKEN), 'its own words stay as they are');
    for (const [id, least] of [
      [leaks, 3],
      ['[redacted DEPLOY_TOKEN]', 3],
    ] as const)
      assert.ok(filesWith(yard, id).length >= least, `the search finds what is there: ${filesWith(yard, id)}`);
  });
});
