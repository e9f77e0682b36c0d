import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { it } from 'node:test';
import { formatBatchName } from '../../lib/core/batch.ts';
import { pathsOf } from '../../lib/core/paths.ts';
import { createDesk } from '../support/cli.ts';

/** More than a call can have arguments. */
const MANY = 150_000;

it('a backlog of any length is told: in the rows of status, in why, and in the proof of audit', async () => {
  const desk = createDesk();
  desk.shell('flat', 'true');
  const { claimed } = pathsOf(desk.root);
  mkdirSync(claimed, { recursive: true });
  writeFileSync(`${claimed}/${formatBatchName({ id: 'x7k2p9qd4mzt', label: 'lot' })}`, '{"cadence":"flat","source":"library"}\n'.repeat(MANY));
  const why = await desk.tell('why', 'flat');
  assert.equal(why.code, 0, why.stderr);
  assert.match(why.stdout, new RegExp(`${MANY} ticks wait`));
  const [status, audit] = [await desk.ask('status', 'flat'), await desk.ask('audit')];
  assert.deepEqual([status.code, (status.said.counts as Readonly<Record<string, unknown>>).waiting], [0, MANY]);
  assert.deepEqual([audit.code, audit.said.waiting, audit.said.missing], [0, MANY, []]);
});
