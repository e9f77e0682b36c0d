import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import type { Cadence, CommandRun, Verification } from '../../lib/core/cadence.ts';
import { CadenceError } from '../../lib/core/error.ts';
import { findNewer } from '../../lib/runners/newer.ts';
import { orphan } from './orphan.ts';
import { reasonOf, workbench } from './workbench.ts';

const bench = workbench();
const { files } = bench;
const sh = (script: string): CommandRun => bench.command(['/bin/sh', '-c', script]) as CommandRun;
const looks = (script: string, more: Partial<Verification> = {}): { verify: Verification } => ({
  verify: { kind: 'command', run: sh(script), timeoutMs: 60_000, isRequired: true, counts: 'proven', ...more } as Verification,
});
const run = (script: string, cadence: Partial<Cadence>, payload?: unknown) =>
  bench.run(bench.job(sh(script), cadence, payload === undefined ? {} : { payload }));

describe('a look for the evidence of a run', () => {
  it('proves it with exit 0, and what it says follows the words of the run in the same files', async () => {
    const job = bench.job(sh('echo worked'), looks('echo there it is; echo note >&2'));
    const end = await bench.run(job);
    assert.deepEqual(end.outcome, { kind: 'ok', summary: 'worked' });
    assert.deepEqual(end.evidence, { kind: 'command', outcome: 'proven', because: 'exit 0: note' });
    assert.deepEqual([bench.said(job), end.ending?.stdoutTail, end.ending?.code], ['worked\nthere it is\n', 'worked\n', 0]);
  });

  it('denies it with exit 1; every other end says only that it could not be checked', async () => {
    const denied = await run('echo worked', looks('echo no backup is there; exit 1'));
    assert.equal(reasonOf(denied.outcome), 'fail: it ended well, but did not do its work: exit 1: no backup is there');
    assert.ok(denied.outcome.kind === 'fail' && denied.outcome.class === 'verify' && denied.outcome.blame === 'cadence');
    for (const [script, because] of [
      ['echo oh; exit 2', /could not be checked: exit 2: oh$/],
      ['kill -9 $$', /could not be checked: killed by SIGKILL/],
    ] as const) {
      const end = await run('echo worked', looks(script));
      assert.equal(end.outcome.kind, 'unverified');
      assert.match(reasonOf(end.outcome), because);
    }
    const absent = await run('echo worked', looks('', { run: bench.command(['./absent']) as CommandRun }));
    assert.match(reasonOf(absent.outcome), /^unverified: .*could not be started: there is no program \.\/absent/);
  });

  it('is not taken where the run itself did not end well', async () => {
    const job = bench.job(sh('exit 3'), looks('touch looked'));
    assert.equal(reasonOf((await bench.run(job)).outcome), 'fail: exit 3');
    assert.equal(existsSync(`${bench.paths.running}/${job.runId}.verify`), false);
  });

  it('has a timeout of its own, and is stopped by a cancel; the work that is done stays done', async () => {
    const late = await run('echo worked', looks('sleep 60', { timeoutMs: 300 }));
    assert.match(reasonOf(late.outcome), /^unverified: .*timed out after/);
    const stop = bench.stop();
    const job = bench.job(sh('echo worked'), looks('echo looking; sleep 60'));
    const end = bench.run(job, stop);
    await bench.hear(job, /looking/);
    stop.stop('cancel');
    assert.match(reasonOf((await end).outcome), /^unverified: .*cancelled/);
    assert.deepEqual(await bench.people(job), []);
  });

  it('knows its run: the payload, and the files in which it spoke', async () => {
    const job = bench.job(sh('echo 42 tabs'), looks('grep -q "42 tabs" "$CADENCE_STDOUT_FILE" && cat "$CADENCE_PAYLOAD_FILE"'), { payload: { a: 1 } });
    assert.equal((await bench.run(job)).evidence?.outcome, 'proven');
    assert.equal(bench.said(job), '42 tabs\n{"a":1}\n');
  });

  it('of a handler is taken in the same way', async () => {
    writeFileSync(join(bench.root, 'h.mjs'), "export default () => 'handled';\n");
    const end = await bench.run(bench.job({ kind: 'inline', file: join(bench.root, 'h.mjs') }, looks('exit 1')));
    assert.match(reasonOf(end.outcome), /^fail: it ended well, but did not do its work: exit 1/);
  });

  it('that the disk refuses makes the run unverified, never one to be repeated', async () => {
    const create: typeof files.create = (path, text) => {
      if (path.includes('.verify/')) throw new CadenceError('io', 'the disk is full');
      return files.create(path, text);
    };
    const full = workbench((deps) => ({ ...deps, files: { ...deps.files, create } }));
    const end = await full.run(full.job(sh('echo worked'), looks('exit 0')));
    assert.match(reasonOf(end.outcome), /^unverified: .*the disk is full$/);
  });
});

describe('a look for evidence whose owner was killed with -9', () => {
  it('is adopted: the run is not repeated, and keeps its own words and exit code', async () => {
    const [sign, ran] = [join(bench.root, 'go'), join(bench.root, 'ran')];
    const wait = `while [ ! -e ${sign} ]; do sleep 0.02; done`;
    const job = bench.job(sh(`echo x >>${ran}; echo worked`), looks(`echo looking; ${wait}; exit 1`));
    await orphan(bench, job, /looking/);
    const end = bench.adopt(job);
    writeFileSync(sign, '');
    const { outcome, evidence, ending } = await end;
    assert.equal(reasonOf(outcome), 'fail: it ended well, but did not do its work: exit 1: looking');
    assert.deepEqual([evidence?.outcome, ending?.code, ending?.stdoutTail], ['not_proven', 0, 'worked\n']);
    assert.equal(files.info(ran)?.sizeBytes, 2, 'the work was done once');
  });

  it('of a handler is adopted too, with the summary that the handler gave', async () => {
    const sign = join(bench.root, 'go-inline');
    writeFileSync(join(bench.root, 'once.mjs'), "export default () => 'handled once';\n");
    const job = bench.job({ kind: 'inline', file: join(bench.root, 'once.mjs') }, looks(`echo looking; while [ ! -e ${sign} ]; do sleep 0.02; done`));
    await orphan(bench, job, /looking/);
    assert.deepEqual(readdirSync(bench.paths.running).filter((folder) => folder.startsWith(job.runId)).length, 2);
    const end = bench.adopt(job);
    writeFileSync(sign, '');
    assert.deepEqual((await end).outcome, { kind: 'ok', summary: 'handled once' });
  });
});

describe('a newer file as evidence', () => {
  const root = join(bench.root, 'newer');
  const put = (path: string, ageMs: number): string => {
    const at = join(root, path);
    mkdirSync(dirname(at), { recursive: true });
    writeFileSync(at, '');
    const seconds = (T - ageMs) / 1000;
    utimesSync(at, seconds, seconds);
    return at;
  };
  const T = Date.UTC(2026, 10, 20, 7);
  const find = (...patterns: readonly string[]) =>
    findNewer(files, { patterns: patterns.map((pattern) => join(root, pattern)), sinceMs: T - 60_000, nowMs: T });

  it('is one that matches and was changed since the run began', () => {
    put('out/old.md', 90_000);
    assert.deepEqual(find('out/*.md').outcome, 'not_proven');
    assert.match(find('out/*.md').because, /the newest is .*old\.md, of 2026-11-20T06:58:30.000Z$/);
    const fresh = put('out/new.md', 30_000);
    assert.deepEqual(find('out/*.md'), { outcome: 'proven', because: `${fresh} was changed` });
    assert.equal(find('out/*.txt').because, `no file matches ${join(root, 'out/*.txt')}`);
    assert.equal(find('absent/*.md', 'out/new.md').outcome, 'proven');
  });

  it('is found by * and ? within one name and by ** through folders, never in or as what is hidden', () => {
    put('deep/a/b/c/report-7.txt', 1000);
    put('deep/.hidden/report-8.txt', 1000);
    put('deep/.secret', 1000);
    for (const pattern of ['deep/**/report-?.txt', 'deep/*/*/*/report*', '**/report-7.txt', 'deep/**', 'deep/a/**/*.txt', 'deep/.sec*', 'deep/.secret'])
      assert.equal(find(pattern).outcome, 'proven', pattern);
    for (const pattern of ['deep/*.txt', 'deep/report-?.txt', 'deep/**/report-8.txt', 'deep/*ecret', 'deep/a', 'deep/**/report-?', 'deep/[a]'])
      assert.equal(find(pattern).outcome, 'not_proven', pattern);
  });

  it('may be named by a link, and a folder is none', () => {
    put('target/data', 1000);
    symlinkSync(join(root, 'target/data'), join(root, 'latest'));
    symlinkSync(join(root, 'nowhere'), join(root, 'dangling'));
    assert.deepEqual([find('latest').outcome, find('dangling').outcome, find('target').outcome], ['proven', 'not_proven', 'not_proven']);
  });

  it('tells nothing where the clock was set back meanwhile', () => {
    assert.equal(findNewer(files, { patterns: [join(root, 'out/*.md')], sinceMs: T, nowMs: T - 1 }).outcome, 'unknown');
  });

  it('counts whole seconds where the file system knows no parts of them', () => {
    put('coarse', 60_000);
    assert.equal(findNewer(files, { patterns: [join(root, 'coarse')], sinceMs: T - 60_000 + 999, nowMs: T }).outcome, 'proven');
    assert.equal(findNewer(files, { patterns: [join(root, 'coarse')], sinceMs: T - 60_000 + 1000, nowMs: T }).outcome, 'not_proven');
  });

  it('is asked for after a real run, which makes it or does not', async () => {
    const out = join(bench.root, 'made.txt');
    const verify: Verification = { kind: 'newer', patterns: [out], isRequired: true, counts: 'proven' };
    assert.equal(reasonOf((await run('echo worked', { verify })).outcome), `fail: it ended well, but did not do its work: no file matches ${out}`);
    assert.equal((await run(`echo worked | tee ${out}`, { verify })).evidence?.outcome, 'proven');
  });
});
