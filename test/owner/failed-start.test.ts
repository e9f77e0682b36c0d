import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Try } from '../fixtures/owner/failing-starts.ts';
import { eventually } from '../support/eventually.ts';
import { isAlive, killQuietly } from '../support/owner-cli.ts';
import { childOf, createYard, finalRecord, readIfThere } from './owner-yard.ts';

interface Program {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program of its own that uses the library, to its end. One that hangs is killed, and has no code. */
async function program(fixture: string, ...words: readonly string[]): Promise<Program> {
  const path = fileURLToPath(new URL(`../fixtures/owner/${fixture}`, import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', path, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  after(() => killQuietly(child.pid as number));
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  let end: { readonly code: number | null } | undefined;
  child.once('close', (code) => {
    end = { code };
  });
  await eventually(`${fixture} has ended by itself; it said ${JSON.stringify(said)}`, () => end !== undefined);
  return { code: end?.code ?? null, ...said };
}

describe('an owner that could not start', () => {
  it('is refused with a CadenceError, leaves nothing alive in its program, and the root free, whatever went wrong', async () => {
    const { code, stdout, stderr } = await program('failing-starts.ts', '28');
    assert.deepEqual([code, stderr], [0, '']);
    const tries = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Try);
    assert.ok(tries.length > 60, `${tries.length} tries`);
    assert.ok(tries.filter(({ came }) => came === 'rejected').length > 30);
    assert.deepEqual(
      tries.filter(({ left, isFree }) => left.length > 0 || !isFree),
      [],
    );
    const kinds = (isBug: boolean) => [
      ...new Set(tries.filter(({ name, came }) => came === 'rejected' && name.endsWith('bug') === isBug).map(({ kind }) => kind)),
    ];
    assert.deepEqual([kinds(false), kinds(true)], [['CadenceError'], ['Error']]);
    for (const { error, because } of tries.filter(({ name, came }) => came === 'rejected' && /journal\/|as bug$|\.done/.test(name)))
      assert.ok(because === '' || because === `it could not start: ${error}`, because);
    assert.match(tries.find(({ name }) => name.includes('journal/'))?.because ?? '', /^it could not start: cannot open .*: EISDIR$/);
    assert.equal(tries.find(({ name }) => name.includes('logs/'))?.came, 'started', 'the log for people is the best that can be done, no more');
  });
});

describe('a program whose consumer has stopped', () => {
  it('M5 ends, while the command that it started goes on for the next owner', async () => {
    const yard = createYard();
    yard.shell('long', 'until test -e "$CADENCE_ROOT/go"; do sleep 0.05; done; echo done');
    const tick = await yard.enqueue('long');
    const { code, stdout, stderr } = await program('stops-early.ts', yard.root);
    assert.deepEqual([code, stdout, stderr], [0, 'it is needed no more\n', '']);
    const child = await childOf(yard);
    assert.ok(isAlive(child));
    assert.equal(yard.ls('claimed').length, 1);
    await yard.start();
    yard.put('go', '');
    const { status, attempt } = await finalRecord(yard, tick);
    assert.deepEqual([status, attempt, yard.records().filter((run) => run.tick === tick).length], ['succeeded', 1, 1]);
    assert.equal(JSON.parse(readIfThere(join(yard.paths.state, 'owner.json'))).state, 'running');
  });
});
