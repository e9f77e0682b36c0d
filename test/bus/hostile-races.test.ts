import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { CadenceError } from '../../lib/core/error.ts';
import { settle } from '../../lib/core/settle.ts';
import { parseDeadName, parseTickName } from '../../lib/core/tick.ts';
import type { Claim, Files } from '../../lib/ports.ts';
import { testBus } from '../support/bus.ts';
import { type HookedFiles, hookedFiles } from '../support/hooked-files.ts';
import { canonicalName, deadName, endsOf, type HostileYard, hostileYard, ID, SECRET, tickText } from '../support/hostile-cases.ts';
import { playToRest, takeAll, takeBeside, treeOf } from '../support/hostile-check.ts';

interface RaceYard extends HostileYard {
  readonly files: HookedFiles;
  /** What a watcher does when something arrives. */
  hint(): void;
}

function raceYard(): RaceYard {
  const files = hookedFiles();
  const yard = hostileYard(testBus({ files }));
  let hint = (): void => undefined;
  files.watch = (_dir, onChange) => {
    hint = onChange;
    return { close: () => undefined };
  };
  yard.bus.queue.onArrival(() => undefined);
  return { ...yard, files, hint: () => hint() };
}

/** Acts once, before the first such call for a path that ends so. */
function once(yard: RaceYard, call: keyof Files, ending: string, act: () => void): () => boolean {
  let isDone = false;
  yard.files.before = (name, path) => {
    if (isDone || name !== call || !path.endsWith(ending)) return;
    isDone = true;
    act();
  };
  return () => isDone;
}

const refusal = (errno: string, path: string): CadenceError => new CadenceError('io', `cannot move ${path}: ${errno}`);
const FILES = ['odd.json', canonicalName(), deadName('exhausted'), 'odd.ndjson'] as const;
const TEXT = tickText({ dead: { attempts: 2 } });

/** The call that is made for such a file after it was listed. */
function callFor(file: string): keyof Files {
  return parseTickName(file) === undefined ? 'read' : 'rename';
}

function countOf({ bus }: HostileYard, claims: readonly Claim[]): object {
  const reasons = bus.ls('dlq').map((file) => parseDeadName(file)?.reason);
  const count = (reason: string): number => reasons.filter((other) => other === reason).length;
  return { runs: claims.length, malformed: count('malformed'), rejected: count('rejected'), left: bus.ls('inbox').length };
}

describe('a file that changes between listing and opening', () => {
  for (const file of FILES) {
    const call = callFor(file);

    it(`vanishes: ${file}`, async () => {
      const yard = raceYard();
      writeFileSync(`${yard.inbox}/${file}`, TEXT);
      const isDone = once(yard, call, file, () => rmSync(`${yard.inbox}/${file}`));
      await takeBeside(yard);
      assert.deepEqual(countOf(yard, await playToRest(yard)), endsOf('gone'));
      assert.ok(isDone());
    });

    it(`is swapped for a symlink out of the root, which is not followed: ${file}`, async () => {
      const yard = raceYard();
      const before = treeOf(yard.outside);
      writeFileSync(`${yard.inbox}/${file}`, TEXT);
      const isDone = once(yard, call, file, () => {
        rmSync(`${yard.inbox}/${file}`);
        symlinkSync(yard.canary, `${yard.inbox}/${file}`);
      });
      await takeBeside(yard);
      const claims = [...(await playToRest(yard))];
      assert.ok(isDone());
      // A batch that the system refuses to open at that instant is left, told, and moved aside when the inbox is read next.
      claims.push(...(await playToRest(yard, yard.bus.again())));
      assert.deepEqual(countOf(yard, claims), endsOf('dead rejected'));
      assert.deepEqual(treeOf(yard.outside), before);
      for (const name of yard.bus.ls('tmp')) assert.ok(!readFileSync(`${yard.bus.paths.tmp}/${name}`, 'utf8').includes(SECRET));
    });

    it(`is swapped for a FIFO, which is not waited for: ${file}`, async () => {
      const yard = raceYard();
      writeFileSync(`${yard.inbox}/${file}`, TEXT);
      once(yard, call, file, () => {
        rmSync(`${yard.inbox}/${file}`);
        execFileSync('mkfifo', [`${yard.inbox}/${file}`]);
      });
      await takeBeside(yard);
      const claims = [...(await playToRest(yard)), ...(await playToRest(yard, yard.bus.again()))];
      assert.deepEqual(countOf(yard, claims), endsOf('dead rejected'));
    });

    it(`is swapped for a folder: ${file}`, async () => {
      const yard = raceYard();
      writeFileSync(`${yard.inbox}/${file}`, TEXT);
      once(yard, call, file, () => {
        rmSync(`${yard.inbox}/${file}`);
        mkdirSync(`${yard.inbox}/${file}/x`, { recursive: true });
      });
      await takeBeside(yard);
      const claims = [...(await playToRest(yard)), ...(await playToRest(yard, yard.bus.again()))];
      assert.deepEqual(countOf(yard, claims), endsOf('dead rejected'));
    });
  }

  it('is swapped for a symlink after it was judged: the link is moved, not what it shows', async () => {
    const yard = raceYard();
    const before = treeOf(yard.outside);
    writeFileSync(`${yard.inbox}/odd.json`, '{"cadence":7}\n');
    const isDone = once(yard, 'rename', 'odd.json', () => {
      rmSync(`${yard.inbox}/odd.json`);
      symlinkSync(yard.canary, `${yard.inbox}/odd.json`);
    });
    await playToRest(yard);
    assert.ok(isDone());
    assert.equal(yard.bus.ls('dlq').length, 1);
    assert.deepEqual(treeOf(yard.outside), before);
  });

  it('is swapped for a symlink while it lies dead and waits for its report', async () => {
    const yard = raceYard();
    const before = treeOf(yard.outside);
    writeFileSync(`${yard.inbox}/odd.json`, '{"cadence":7}\n');
    let swapped = '';
    yard.files.before = (call, path) => {
      if (call !== 'read' || !path.includes('/dlq/') || swapped !== '') return;
      swapped = path;
      rmSync(path);
      symlinkSync(yard.canary, path);
    };
    await playToRest(yard);
    assert.notEqual(swapped, '');
    assert.deepEqual(treeOf(yard.outside), before);
  });

  it('is swapped for a symlink after it was claimed', async () => {
    const yard = raceYard();
    writeFileSync(`${yard.inbox}/${canonicalName()}`, TEXT);
    const isDone = once(yard, 'read', canonicalName('nightly', ID, 1), () => {
      rmSync(`${yard.bus.paths.claimed}/${canonicalName('nightly', ID, 1)}`);
      symlinkSync(yard.canary, `${yard.bus.paths.claimed}/${canonicalName('nightly', ID, 1)}`);
    });
    assert.deepEqual(countOf(yard, await playToRest(yard)), endsOf('dead rejected'));
    assert.ok(isDone());
  });
});

describe('a file that is being written', () => {
  const whole = `${JSON.stringify(JSON.parse(tickText({ payload: 'ünï😀' })), null, 2)}\n`;

  for (const [file, bytes] of [
    ['odd.json', whole],
    ['plain.json', tickText({ payload: 'ünï😀' })],
    [canonicalName(), tickText({ payload: 'ünï😀' })],
    [deadName('exhausted'), tickText({ payload: 'ünï😀', dead: { attempts: 2 } })],
    ['odd.ndjson', tickText({ payload: 'ünï😀' })],
  ] as const)
    it(`byte by byte, four seconds apart, is taken once, when it is whole: ${file}`, async () => {
      const yard = raceYard();
      const path = `${yard.inbox}/${file}`;
      writeFileSync(path, '');
      const claims: Claim[] = [];
      const buffer = Buffer.from(bytes);
      for (let n = 0; n < buffer.length; n += 1) {
        appendFileSync(path, buffer.subarray(n, n + 1));
        // A whole object without its newline is a tick already; everything before it is none.
        if (n === buffer.length - 2) continue;
        utimesSync(path, yard.bus.clock.nowMs() / 1000, yard.bus.clock.nowMs() / 1000);
        await refreshAndTake(yard, claims);
        assert.equal(claims.length, n === buffer.length - 1 ? 1 : 0, `after ${n + 1} bytes of ${buffer.length}`);
        yard.bus.clock.advance(4_000);
      }
      assert.deepEqual(yard.bus.ls('dlq'), []);
      assert.equal(claims[0]?.tick.payload, 'ünï😀');
    });

  for (const file of ['odd.json', canonicalName(), deadName('exhausted')])
    it(`and never finished is dead five seconds after its last byte, not before: ${file}`, async () => {
      const yard = raceYard();
      const path = `${yard.inbox}/${file}`;
      const claims: Claim[] = [];
      for (const part of ['{"cadence"', ':"nigh']) {
        appendFileSync(path, part);
        yard.bus.clock.set(Math.max(Date.now(), yard.bus.clock.nowMs()));
        await refreshAndTake(yard, claims);
        yard.bus.clock.advance(4_000);
        await refreshAndTake(yard, claims);
      }
      assert.deepEqual(yard.bus.ls('dlq'), []);
      yard.bus.clock.advance(1_000);
      await refreshAndTake(yard, claims);
      assert.deepEqual(countOf(yard, claims), endsOf('dead malformed'));
    });

  it('is not forgotten when another tick arrives meanwhile', async () => {
    const yard = raceYard();
    writeFileSync(`${yard.inbox}/odd.json`, '{"cadence"');
    const firstMs = await yard.bus.queue.refresh();
    assert.equal(firstMs, yard.bus.clock.nowMs() + 5_000);
    yard.bus.clock.advance(1_000);
    yard.hint();
    assert.equal(await yard.bus.queue.refresh(), firstMs);
  });

  it('is taken at once when its last byte has come', async () => {
    const yard = raceYard();
    writeFileSync(`${yard.inbox}/odd.json`, '{"cadence"');
    await yard.bus.queue.refresh();
    yard.bus.clock.advance(1_000);
    appendFileSync(`${yard.inbox}/odd.json`, ':"nightly"}\n');
    yard.hint();
    await yard.bus.queue.refresh();
    assert.ok(yard.bus.queue.head('nightly') !== undefined);
  });

  it('is judged in the end even if its time lies in the future', async () => {
    const yard = raceYard();
    writeFileSync(`${yard.inbox}/${canonicalName()}`, '{"cadence"');
    utimesSync(`${yard.inbox}/${canonicalName()}`, 4_102_444_800, 4_102_444_800);
    assert.deepEqual(countOf(yard, await playToRest(yard)), endsOf('dead malformed'));
  });

  it('does not lose a file that is put in its place while its first part is looked at', async () => {
    const yard = raceYard();
    const file = canonicalName();
    writeFileSync(`${yard.inbox}/${file}`, '{"cadence"');
    once(yard, 'read', canonicalName('nightly', ID, 1), () => writeFileSync(`${yard.inbox}/${file}`, tickText({ payload: 'second' })));
    const claims = [...(await playToRest(yard))];
    yard.hint();
    claims.push(...(await playToRest(yard)));
    assert.deepEqual(
      claims.map(({ tick }) => tick.payload),
      ['second'],
    );
    assert.equal(yard.bus.ls('dlq').length, 1);
  });
});

async function refreshAndTake(yard: RaceYard, claims: Claim[]): Promise<void> {
  yard.hint();
  await yard.bus.queue.refresh();
  claims.push(...(await takeAll(yard.bus.queue)).claims);
  await yard.bus.queue.refresh();
}

describe('a file that is written again', () => {
  it('before it was claimed is one run, with its new words', async () => {
    const yard = raceYard();
    for (const file of ['odd.json', canonicalName()]) writeFileSync(`${yard.inbox}/${file}`, tickText({ payload: 1 }));
    await yard.bus.queue.refresh();
    for (const file of ['odd.json', canonicalName()]) writeFileSync(`${yard.inbox}/${file}`, tickText({ payload: 2 }));
    const claims = await playToRest(yard);
    assert.deepEqual(
      claims.map(({ tick }) => tick.payload),
      [2, 2],
    );
  });

  it('after it was claimed is another run', async () => {
    const yard = raceYard();
    for (const payload of [1, 2]) {
      for (const file of ['odd.json', canonicalName()]) writeFileSync(`${yard.inbox}/${file}`, tickText({ payload }));
      yard.hint();
      const claims = await playToRest(yard);
      assert.deepEqual(
        claims.map(({ tick }) => tick.payload),
        [payload, payload],
      );
    }
    assert.equal(new Set(yard.bus.ls('claimed')).size, 4);
  });

  it('for another cadence, after it had been adopted, runs as that one', async () => {
    const yard = raceYard();
    writeFileSync(`${yard.inbox}/odd.json`, tickText());
    await yard.bus.queue.refresh();
    writeFileSync(`${yard.inbox}/odd.json`, tickText({ cadence: 'other', payload: 7 }));
    const claims = await playToRest(yard);
    assert.deepEqual(
      claims.map(({ name, tick }) => [name.cadence, tick.payload]),
      [['other', 7]],
    );
    assert.deepEqual(yard.bus.ls('dlq'), []);
  });

  it('is renamed away and back, and runs once', async () => {
    const yard = raceYard();
    writeFileSync(`${yard.inbox}/odd.json`, tickText());
    await yard.bus.queue.refresh();
    renameSync(`${yard.inbox}/odd.json`, `${yard.outside}/odd.json`);
    assert.deepEqual(await playToRest(yard), []);
    renameSync(`${yard.outside}/odd.json`, `${yard.inbox}/odd.json`);
    yard.hint();
    assert.equal((await playToRest(yard)).length, 1);
  });
});

describe('a batch', () => {
  const lines = (count: number, more: object = {}): string => tickText(more).repeat(count);

  it('that is removed before it is claimed runs nothing and leaves nothing behind', async () => {
    const yard = raceYard();
    const path = `${yard.inbox}/many.ndjson`;
    writeFileSync(path, lines(200));
    once(yard, 'rename', 'many.ndjson', () => rmSync(path));
    assert.deepEqual(await playToRest(yard), []);
    assert.deepEqual([yard.bus.ls('tmp'), yard.bus.ls('inbox'), yard.bus.ls('claimed')], [[], [], []]);
  });

  it('whose key another file takes while it is read runs it once', async () => {
    const yard = raceYard();
    await yard.bus.queue.refresh();
    writeFileSync(`${yard.inbox}/many.ndjson`, lines(2_000) + tickText({ key: 'k' }));
    yard.hint();
    await yard.bus.queue.refresh();
    writeFileSync(`${yard.inbox}/key.json`, tickText({ key: 'k' }));
    yard.hint();
    const claims = await playToRest(yard);
    assert.equal(claims.filter(({ tick }) => tick.key === 'k').length, 1);
    assert.equal(claims.length, 2_001);
  });

  it('of 10,000 lines, arriving while others run, keeps no tick waiting', { timeout: 120_000 }, async () => {
    const yard = raceYard();
    await yard.bus.queue.refresh();
    writeFileSync(`${yard.inbox}/many.ndjson`, lines(10_000));
    yard.hint();
    await takeBeside(yard);
    assert.equal((await playToRest(yard)).length, 10_000);
    assert.deepEqual([yard.bus.ls('tmp'), yard.bus.ls('inbox'), yard.bus.ls('waiting')], [[], [], []]);
  });

  it('of which an owner had written out some ticks before it died doubles none of them', async () => {
    for (const payloads of [
      ['same', 'same'],
      ['one', 'two'],
    ]) {
      const yard = raceYard();
      const later = { due_at: new Date(yard.bus.clock.nowMs() + 60_000).toISOString() };
      const text = [...payloads.map((payload) => tickText({ ...later, id: ID, payload })), lines(8, later), tickText({ ...later, key: 'k' }), 'bad\n'].join('');
      writeFileSync(`${yard.inbox}/many.ndjson`, text);
      let moves = 0;
      yard.files.before = (call, path) => {
        if (call === 'rename' && path.includes('/tmp/')) moves += 1;
        if (moves === 6 || call === 'flushDir') throw new CadenceError('io', 'killed');
      };
      await assert.rejects(yard.bus.queue.refresh());
      yard.files.before = () => undefined;
      const next = yard.bus.again();
      assert.deepEqual(await next.orphans(), []);
      const claims = await playToRest(yard, next);
      assert.equal(claims.length, payloads[0] === payloads[1] ? 10 : 11);
      assert.equal(yard.bus.ls('dlq').length, 1);
      assert.deepEqual([yard.bus.ls('inbox'), yard.bus.ls('waiting')], [[], []]);
    }
  });
});

describe('a file that the system refuses', () => {
  for (const errno of ['EPERM', 'EBUSY', 'EXDEV'])
    for (const file of ['odd', 'odd.json', canonicalName(), deadName('exhausted'), 'odd.ndjson'])
      it(`to move (${errno}) is told once and left, and delays nobody: ${file}`, async () => {
        const yard = raceYard();
        writeFileSync(`${yard.inbox}/${file}`, file === canonicalName() ? tickText() : 'garbage\n');
        yard.files.before = (call, path) => {
          if ((call === 'rename' || call === 'remove') && path.startsWith(`${yard.inbox}/`) && path.endsWith(file)) throw refusal(errno, path);
        };
        await takeBeside(yard);
        await playToRest(yard);
        yard.hint();
        await playToRest(yard);
        assert.deepEqual(yard.bus.ls('inbox'), [file]);
        assert.equal(yard.bus.news.filter((line) => line.startsWith('left')).length, 1, yard.bus.news.join('\n'));
      });

  it('to open for another reason than its kind is told and left', async () => {
    const yard = raceYard();
    writeFileSync(`${yard.inbox}/odd.json`, tickText());
    yard.files.before = (call, path) => {
      if (call === 'read' && path.endsWith('odd.json')) throw refusal('ENOMEDIUM', path);
    };
    await takeBeside(yard);
    assert.deepEqual(countOf(yard, await playToRest(yard)), endsOf('left'));
  });

  it('to open after it was claimed is dead, and stops no owner from starting', async () => {
    const yard = raceYard();
    writeFileSync(`${yard.inbox}/${canonicalName()}`, tickText());
    yard.files.before = (call, path) => {
      if (call === 'read' && path.includes('/claimed/') && path.includes(ID)) throw refusal('ENOMEDIUM', path);
    };
    await takeBeside(yard);
    assert.deepEqual(countOf(yard, await playToRest(yard)), endsOf('dead rejected'));
  });

  it('to move to the dlq, for something lies there under its name, gets another id', async () => {
    const yard = raceYard();
    const file = canonicalName();
    mkdirSync(`${yard.bus.paths.dlq}/${file.replace(/json$/, 'rejected.json')}/x`, { recursive: true });
    writeFileSync(`${yard.bus.paths.dlq}/${file.replace(/json$/, 'malformed.json')}`, 'an earlier one');
    execFileSync('mkfifo', [`${yard.inbox}/${file}`]);
    await playToRest(yard);
    writeFileSync(`${yard.inbox}/${file}`, 'garbage\n');
    yard.hint();
    await playToRest(yard);
    assert.equal(yard.bus.ls('dlq').length, 4);
    assert.equal(readFileSync(`${yard.bus.paths.dlq}/${file.replace(/json$/, 'malformed.json')}`, 'utf8'), 'an earlier one');
  });
});

describe('a fault of the whole disk', () => {
  it('while the inbox is read is thrown, and what was not looked at is not forgotten', async () => {
    const yard = raceYard();
    await yard.bus.queue.refresh();
    for (const file of ['a.json', 'b.json', 'c.json']) writeFileSync(`${yard.inbox}/${file}`, tickText());
    yard.hint();
    once(yard, 'read', '.json', () => {
      throw refusal('EMFILE', 'x');
    });
    await assert.rejects(yard.bus.queue.refresh(), /EMFILE/);
    assert.equal((await playToRest(yard)).length, 3);
  });

  it('while lines of a batch are written out is thrown, and they are written later, once', async () => {
    const yard = raceYard();
    await yard.bus.queue.refresh();
    const later = { due_at: new Date(yard.bus.clock.nowMs() + 60_000).toISOString() };
    writeFileSync(`${yard.inbox}/many.ndjson`, tickText(later).repeat(100));
    yard.hint();
    let appends = 0;
    yard.files.before = (call) => {
      if (call !== 'append') return;
      appends += 1;
      if (appends === 70) throw refusal('ENOSPC', 'x');
    };
    await assert.rejects(yard.bus.queue.refresh(), /ENOSPC/);
    assert.equal((await playToRest(yard)).length, 100);
    assert.deepEqual([yard.bus.ls('tmp'), yard.bus.ls('inbox')], [[], []]);
  });
});

describe('the count of attempts', () => {
  const policy = { attempts: 2, delaysMs: [1000], jitter: 0 };

  for (const [name, file, text] of [
    ['claims 999,999 earlier attempts', 'odd.json', tickText({ dead: { attempts: 999_999 } })],
    ['claims them under a canonical name', canonicalName(), tickText({ dead: { attempts: 999_999 } })],
    ['claims them in a batch', 'odd.ndjson', tickText({ dead: { attempts: 999_999 } })],
    ['has the highest number that a name can hold', canonicalName('nightly', ID, 999_999), tickText()],
    ['has it twice', canonicalName('nightly', ID, 999_999), tickText({ dead: { attempts: 999_999 } })],
    ['has it in the name of a dead one', deadName('exhausted', 999_999), tickText()],
  ] as const)
    it(`ends for a tick that ${name}`, async () => {
      const yard = raceYard();
      writeFileSync(`${yard.inbox}/${file}`, text);
      let runs = 0;
      for (let n = 0; n < 20 && yard.bus.ls('dlq').length === 0; n += 1) {
        const [claim] = await playToRest(yard);
        if (claim === undefined) break;
        runs += 1;
        // A restart in the middle must find it again.
        const queue = yard.bus.again();
        const [orphan] = await queue.orphans();
        assert.deepEqual(orphan?.name, claim.name);
        const transition = settle(claim.name, claim.tick, { kind: 'fail', blame: 'cadence', reason: 'exit 1' }, policy, yard.bus.clock.nowMs(), 0.5);
        assert.equal(await yard.bus.queue.settle(claim, transition, []), true);
      }
      assert.ok(runs >= 1 && runs <= 2, `it ran ${runs} times`);
      assert.equal(yard.bus.ls('dlq').length, 1);
    });
});

describe('the words of a tick', () => {
  it('stay as they stand when it dies: digits beyond 2^53, and a payload too deep to be written again', async () => {
    for (const payload of ['[9007199254740993,1e999,-0,0.10]', `${'['.repeat(100_000)}${']'.repeat(100_000)}`]) {
      const yard = raceYard();
      writeFileSync(`${yard.inbox}/odd.json`, `{"cadence":"nightly","payload":${payload}}\n`);
      const [claim] = await playToRest(yard);
      assert.ok(claim);
      await yard.bus.queue.settle(claim, { to: 'dlq', status: 'dead', name: { ...claim.name, reason: 'exhausted' }, because: 'boom' }, []);
      const text = readFileSync(`${yard.bus.paths.dlq}/${yard.bus.ls('dlq')[0]}`, 'utf8');
      assert.ok(text.includes(`"payload":${payload},`));
      assert.ok(text.length < payload.length + 2_000);
    }
  });

  it('are kept once, however often a malformed one is put back', async () => {
    const yard = raceYard();
    writeFileSync(`${yard.inbox}/odd.json`, 'not a "tick"\n');
    for (let n = 0; n < 4; n += 1) {
      await playToRest(yard);
      const [file] = yard.bus.ls('dlq') as [string];
      assert.equal(yard.bus.ls('dlq').length, 1);
      assert.equal(parseDeadName(file)?.cadence, 'odd');
      assert.equal(JSON.parse(readFileSync(`${yard.bus.paths.dlq}/${file}`, 'utf8')).raw, 'not a "tick"\n');
      renameSync(`${yard.bus.paths.dlq}/${file}`, `${yard.inbox}/${file}`);
      yard.hint();
    }
  });

  it('of a dead tick that comes back while another of its id is pending run as another tick', async () => {
    const yard = raceYard();
    writeFileSync(`${yard.inbox}/${canonicalName()}`, tickText());
    writeFileSync(`${yard.inbox}/${deadName('exhausted')}`, tickText({ dead: { attempts: 2 } }));
    const claims = await playToRest(yard);
    assert.equal(new Set(claims.map(({ name }) => name.id)).size, 2);
  });
});
