import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { CadenceError } from '../../lib/core/error.ts';
import { createFiles } from '../../lib/platform/files.ts';
import { shareFlushes } from '../../lib/platform/shared-flush.ts';
import { tempRoot } from '../support/temp-root.ts';

const files = createFiles();
const root = tempRoot();
let count = 0;
const fresh = (): string => join(root, `log-${count++}.jsonl`);
const text = (path: string): string => readFileSync(path, 'utf8');

describe('an append log', () => {
  it('creates its file for its user alone and knows its size', async () => {
    const path = fresh();
    const log = files.append(path);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(log.endBytes, 0);
    log.write('é\n');
    assert.equal(log.endBytes, 3);
    assert.equal(text(path), 'é\n');
    await log.flush();
    log.close();
    assert.equal(log.endBytes, 3);
  });

  it('goes on where an earlier life ended', () => {
    const path = fresh();
    writeFileSync(path, 'one\n');
    const log = files.append(path);
    assert.equal(log.endBytes, 4);
    log.write('two\n');
    log.close();
    assert.equal(text(path), 'one\ntwo\n');
  });

  it('closes a torn last line of an earlier life before anything else', () => {
    const path = fresh();
    writeFileSync(path, 'one\n{"tor');
    const log = files.append(path);
    assert.equal(log.endBytes, 10);
    log.write('two\n');
    log.close();
    assert.equal(text(path), 'one\n{"tor\ntwo\n');
  });

  it('knows its real size when somebody else cuts or extends the file', () => {
    const path = fresh();
    const log = files.append(path);
    log.write('12345678\n');
    files.truncate(path, 0);
    log.write('a\n');
    assert.equal(log.endBytes, 2);
    appendFileSync(path, 'b\n');
    assert.equal(log.endBytes, 4);
    log.close();
  });

  it('opens neither a symlink nor a folder', () => {
    const [target, link, folder] = [fresh(), fresh(), fresh()];
    symlinkSync(target, link);
    mkdirSync(folder);
    for (const path of [link, folder]) assert.throws(() => files.append(path), { name: 'CadenceError', code: 'io' });
    assert.equal(existsSync(target), false);
  });

  it('writes nothing after it was closed, whoever has the number of its handle by then', async () => {
    const log = files.append(fresh());
    log.write('a\n');
    await log.flush();
    log.close();
    log.close();
    const other = fresh();
    const next = files.append(other);
    assert.throws(() => log.write('lost\n'), CadenceError);
    next.close();
    assert.equal(text(other), '');
    await log.flush();
  });

  it('refuses to call flushed what was not when it was closed', async () => {
    const log = files.append(fresh());
    log.write('a\n');
    log.close();
    await assert.rejects(log.flush(), { name: 'CadenceError', code: 'io' });
  });

  it('may be closed while flushes are under way', async () => {
    const log = files.append(fresh());
    log.write('a\n');
    const first = log.flush();
    log.write('b\n');
    const second = log.flush();
    log.close();
    await Promise.all([first, second, log.flush()]);
  });

  it('gives its handle back each time', async () => {
    const open = (): number =>
      existsSync('/proc/self/fd')
        ? readdirSync('/proc/self/fd').length
        : execFileSync('lsof', ['-p', String(process.pid)])
            .toString()
            .split('\n').length;
    const cycle = async (): Promise<void> => {
      const log = files.append(fresh());
      log.write('a\n');
      const flushed = log.flush();
      log.close();
      await flushed;
    };
    await cycle();
    const before = open();
    for (let i = 0; i < 20; i++) await cycle();
    await new Promise((resolve) => setImmediate(resolve));
    // Another's handle that closes meanwhile is none of ours.
    assert.ok(open() <= before, `${open()} are open, ${before} were`);
  });
});

describe('a shared flush', () => {
  /** A flush that ends when the test says so. */
  function manual() {
    const ends: ((error?: Error) => void)[] = [];
    const shared = shareFlushes(() => new Promise((resolve, reject) => ends.push((error) => (error === undefined ? resolve() : reject(error)))));
    return { ends, shared };
  }
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('starts one more for all who asked while one was under way', async () => {
    const { ends, shared } = manual();
    shared.spoil();
    const first = shared.request();
    shared.spoil();
    const later = [shared.request(), shared.request(), shared.request()];
    assert.equal(ends.length, 1);
    ends[0]?.();
    await first;
    await turn();
    assert.equal(ends.length, 2);
    assert.equal(shared.isClean(), false);
    ends[1]?.();
    await Promise.all(later);
    assert.equal(ends.length, 2);
    assert.equal(shared.isClean(), true);
  });

  it('never lets a flush that was under way vouch for what was written after it began', async () => {
    const { ends, shared } = manual();
    shared.spoil();
    const first = shared.request();
    shared.spoil();
    let isCovered = false;
    const second = shared.request().then(() => {
      isCovered = true;
    });
    ends[0]?.();
    await first;
    await turn();
    assert.equal(isCovered, false);
    ends[1]?.();
    await second;
  });

  it('costs nothing where nothing was written since', async () => {
    const { ends, shared } = manual();
    const first = shared.request();
    ends[0]?.();
    await first;
    await shared.request();
    assert.equal(ends.length, 1);
  });

  it('tells a failure to those who relied on it and tries again for the next', async () => {
    const { ends, shared } = manual();
    shared.spoil();
    const first = shared.request();
    const second = shared.request();
    ends[0]?.(new Error('EIO'));
    await assert.rejects(first, /EIO/);
    await turn();
    ends[1]?.();
    await second;
    assert.equal(shared.isClean(), true);
  });
});
