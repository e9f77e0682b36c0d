import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FileInfo } from '../../lib/core/file-info.ts';
import type { RunRecord } from '../../lib/core/run.ts';
import { readLogs } from '../../lib/incidents/log-reading.ts';

const TRACE = ['Traceback (most recent call last):', '  File "/srv/job.py", line 3, in load', '    fail()', 'KeyError: no'];

/** What is read of these two logs, and which of them were opened. */
function reading(stderr: string | null, stdout: string | null, more: Partial<RunRecord> = {}) {
  const texts: Record<string, string | null> = { stderr, stdout };
  const opened: string[] = [];
  const files = {
    info: (path: string): FileInfo => ({
      kind: 'file',
      sizeBytes: Buffer.byteLength(texts[path] ?? ''),
      mtimeMs: 0,
      ctimeMs: 0,
      inode: 1,
      uid: 0,
      mode: 0o600,
    }),
    readRange(path: string, offset: number, bytes: number): Buffer {
      opened.push(path);
      return Buffer.from(texts[path] ?? '').subarray(offset, offset + bytes);
    },
  };
  const run = { stderr_path: stderr === null ? null : 'stderr', stdout_path: stdout === null ? null : 'stdout', ...more } as RunRecord;
  return { ...readLogs(files, run), opened };
}

describe('what the logs of a run tell', () => {
  it('is the last trace of stderr, wherever its lines end; then nobody asks stdout', () => {
    for (const end of ['\n', '\r\n', '\r']) {
      const { path, trace, traceText, excerpt, opened } = reading(['before', ...TRACE, 'between', ...TRACE, ''].join(end), TRACE.join('\n'));
      assert.deepEqual([path, trace?.culprit?.file, traceText, opened], ['stderr', '/srv/job.py', TRACE.join('\n'), ['stderr']]);
      assert.deepEqual(excerpt?.lines.slice(0, 2), ['before', TRACE[0]]);
    }
  });

  it('is that of stdout where stderr holds words, spaces or nothing', () => {
    for (const stderr of [null, '', ' \n', 'words\n']) assert.equal(reading(stderr, ['a', ...TRACE, 'b'].join('\n')).path, 'stdout', String(stderr));
  });

  it('is the end of what says something where neither holds a trace, stderr before stdout', () => {
    assert.deepEqual(reading('one\ntwo\n\n', 'three').excerpt, { lines: ['one', 'two'], first: 1 });
    assert.deepEqual(reading(' \n', 'three\r\nfour\n').excerpt, { lines: ['three', 'four'], first: 1 });
    assert.deepEqual(reading(null, null), { trace: undefined, traceText: '', excerpt: undefined, path: undefined, opened: [] });
  });

  it('is no trace where the output is a transcript of a session', () => {
    const { trace, path } = reading(['words', ...TRACE].join('\n'), TRACE.join('\n'), { session_id: 'x' });
    assert.deepEqual([trace, path], [undefined, 'stderr']);
  });
});
