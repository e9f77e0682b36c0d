import assert from 'node:assert/strict';
import { it } from 'node:test';
import { examine } from '../../lib/app/doctor/doctor.ts';
import { startCli } from '../support/owner-cli.ts';
import { yard } from './yard.ts';

const OF_THE_OWNER = ['alerts', 'chats', 'healing', 'holds', 'late-timers', 'purse'];
const OF_OTHERS = ['heartbeat', 'installed', 'probe-cursor'];

it('P19 every state document that is broken is named, and set aside by whoever writes it', async () => {
  const { root, paths, files, put } = yard();
  const line = async () => (await examine(root, false)).checks.find(({ id }) => id === 'state-files') ?? assert.fail();
  const broken = (detail: string): readonly string[] => [...detail.matchAll(/\/([a-z-]+)\.json: it is no JSON/g)].map(([, name]) => name ?? '').toSorted();
  const aside = (): readonly string[] => files.list(paths.state).flatMap((file) => /^(.+)\.json\.broken-/.exec(file)?.[1] ?? []);
  const run = async (...words: readonly string[]) => (await startCli([...words, '--root', root]).ended).code;

  assert.equal((await line()).level, 'ok', 'what is not there is not broken');
  for (const name of [...OF_THE_OWNER, ...OF_OTHERS]) put(`${paths.state}/${name}.json`, '{"format":1,');
  const first = await line();
  assert.deepEqual([first.level, first.mend, broken(first.detail)], ['fail', 'cadence-bus start', [...OF_THE_OWNER, ...OF_OTHERS].toSorted()]);

  assert.equal(await run('start', '--drain'), 0);
  assert.deepEqual(aside().toSorted(), OF_THE_OWNER);
  const second = await line();
  assert.deepEqual([second.mend, broken(second.detail)], ['cadence-bus heartbeat', OF_OTHERS]);

  await run('heartbeat', '--wake-delay', '0s');
  assert.deepEqual(aside().toSorted(), [...OF_THE_OWNER, 'heartbeat'].toSorted());
  const third = await line();
  assert.deepEqual([third.mend, broken(third.detail)], ['cadence-bus install', ['installed', 'probe-cursor']]);

  files.remove(paths.installed);
  assert.equal((await line()).mend, `rm ${paths.probeCursor}`);
  put(paths.probeCursor, { format: 1, seen: 'x' });
  assert.equal((await line()).level, 'ok');
});
