import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judgeExit, judgeGuard, signalOf } from '../../lib/core/judge.ts';
import type { Ending } from '../../lib/core/outcome.ts';

const ending = (more: Partial<Ending>): Ending => ({
  code: 0,
  signal: null,
  spawnError: null,
  stoppedFor: null,
  durationMs: 1000,
  stdoutTail: '',
  stderrTail: '',
  droppedBytes: 0,
  survivors: [],
  ...more,
});

describe('the judgement of an exit', () => {
  it('P32 sums a good run up by its last five lines, in at most 200 characters', () => {
    const outcome = judgeExit(ending({ stdoutTail: '1\n2\n3\n4\n5\n6\n' }), [0]);
    assert.deepEqual(outcome, { kind: 'ok', summary: '2 | 3 | 4 | 5 | 6' });
    const long = judgeExit(ending({ stdoutTail: 'x'.repeat(500) }), [0]);
    assert.equal(long.kind === 'ok' && long.summary.length, 200);
  });

  it('M11 tells the words of a fault, not the frames that Node and Java print behind them', () => {
    const reasonOf = (stderrTail: string): string => {
      const outcome = judgeExit(ending({ code: 1, stderrTail }), [0]);
      return outcome.kind === 'fail' ? outcome.reason : '';
    };
    const frames = '    at load (/srv/job.cjs:3:21)\n    at Object.<anonymous> (/srv/job.cjs:5:1)\n    at node:internal/main/run_main_module:28:49';
    assert.equal(
      reasonOf(`/srv/job.cjs:3\n  return x.id;\n      ^\n\nTypeError: x is null\n${frames}\n\nNode.js v20.20.2\n`),
      'exit 1: return x.id; | ^ | TypeError: x is null',
    );
    assert.equal(
      reasonOf(`Error: no such file\n    at open (node:fs:12:3) {\n  code: 'ENOENT'\n}\n\nNode.js v20.20.2\n`),
      "exit 1: Error: no such file | code: 'ENOENT' | }",
    );
    assert.equal(
      reasonOf('Exception in thread "main" java.lang.Error: full\n\tat Disk.put(Disk.java:9)\n'),
      'exit 1: Exception in thread "main" java.lang.Error: full',
    );
    assert.equal(reasonOf('    at load (/srv/job.cjs:3:21)\n'), 'exit 1: at load (/srv/job.cjs:3:21)', 'rather than nothing');
    assert.equal(reasonOf('look at line 3 (of 4)\n'), 'exit 1: look at line 3 (of 4)');
  });

  it('M11 gives the last three lines of stderr as the reason, or of stdout where stderr is blank', () => {
    const said = judgeExit(ending({ code: 3, stderrTail: 'a\nb\nc\nd\n', stdoutTail: 'out' }), [0]);
    assert.deepEqual(said, { kind: 'fail', blame: 'cadence', reason: 'exit 3: b | c | d' });
    const silent = judgeExit(ending({ code: 3, stderrTail: ' \n', stdoutTail: 'only out\n' }), [0]);
    assert.equal(silent.kind === 'fail' && silent.reason, 'exit 3: only out');
  });

  it('M12 says in words how a process ended that left no exit code of its own', () => {
    const reasonOf = (more: Partial<Ending>): string => {
      const outcome = judgeExit(ending(more), [0]);
      return 'reason' in outcome ? outcome.reason : outcome.summary;
    };
    assert.equal(reasonOf({ code: null, signal: 'SIGSEGV' }), 'killed by SIGSEGV');
    assert.equal(reasonOf({ code: 137 }), 'killed by SIGKILL (often: out of memory)');
    assert.equal(reasonOf({ code: 143 }), 'killed by SIGTERM');
    assert.equal(reasonOf({ code: 127 }), 'exit 127 (command not found)');
    const ofDash = '/a b/state/cadence-bus/running/8kiy4edyya8g-1: 4: exec: nocodex: not found\n';
    const ofBash = '/a/state/cadence-bus/running/8kiy4edyya8g-1: line 4: exec: nocodex: not found\n';
    for (const stderrTail of [ofDash, ofBash, 'cadence-bus-shim: 9: exec: nocodex: not found\n'])
      assert.equal(reasonOf({ code: 127, stderrTail }), 'exit 127 (command not found): nocodex: not found', 'not where our own shell looked for it');
    assert.equal(reasonOf({ code: null }), 'ended without an exit code');
    assert.equal(reasonOf({ code: null, spawnError: 'there is no folder /nowhere' }), 'could not be started: there is no folder /nowhere');
    assert.equal(signalOf(143, null), 'SIGTERM');
    assert.equal(signalOf(3, null), undefined);
  });

  it('takes 75 for later, 77 and 78 for never, and the ok_codes of the cadence for well', () => {
    assert.equal(judgeExit(ending({ code: 75 }), [0]).kind, 'defer');
    assert.equal(judgeExit(ending({ code: 77 }), [0]).kind, 'give_up');
    assert.equal(judgeExit(ending({ code: 78 }), [0]).kind, 'give_up');
    assert.equal(judgeExit(ending({ code: 3 }), [0, 3]).kind, 'ok');
    assert.equal(judgeExit(ending({ code: 0 }), [3]).kind, 'fail');
  });

  it('P3 names what we stopped it for, whatever its exit code says then: the first cause wins', () => {
    assert.match(JSON.stringify(judgeExit(ending({ code: 0, stoppedFor: 'timeout' }), [0])), /timed out after 1s/);
    const slow = ending({ stoppedFor: 'timeout', limitMs: 3_000, durationMs: 8_000 });
    assert.match(JSON.stringify(judgeExit(slow, [0])), /timed out after 3s"/, 'the limit, and not how long its end took');
    const last = judgeExit(ending({ code: 137, stoppedFor: 'timeout', stdoutTail: 'ready\n', stderrTail: 'Killed\n' }), [0]);
    assert.match(JSON.stringify(last), /timed out after 1s: ready"/, 'what a shell says of its child is no word of the run');
    assert.match(JSON.stringify(judgeExit(ending({ code: 137, stderrTail: 'Killed\n' }), [0])), /: Killed"/);
    assert.match(JSON.stringify(judgeExit(ending({ code: 0, stoppedFor: 'idle' }), [0])), /no output/);
    assert.equal(judgeExit(ending({ stoppedFor: 'cancel' }), [0]).kind, 'cancelled');
    assert.deepEqual(judgeExit(ending({ stoppedFor: 'halt' }), [0]), { kind: 'interrupted', by: 'operator', reason: 'stopped by halt' });
    assert.match(JSON.stringify(judgeExit(ending({ stoppedFor: 'owner_end' }), [0])), /"interrupted","by":"operator","reason":"stopped, for its owner was/);
    assert.deepEqual(judgeExit(ending({ stoppedFor: 'lost' }), [0]), {
      kind: 'interrupted',
      by: 'owner-died',
      reason: 'its process is gone and left no exit code',
    });
  });

  it('shows nothing of a child that a terminal would obey', () => {
    const outcome = judgeExit(ending({ code: 1, stderrTail: '\u001b]0;title\u0007\u001b[31mred\u202e' }), [0]);
    assert.equal(outcome.kind === 'fail' && outcome.reason, 'exit 1: \\x1b]0;title\\x07\\x1b[31mred\\u202e');
  });
});

describe('a guard', () => {
  it('M6 is like grep: 0 run, 1 nothing to do, anything else an error', () => {
    assert.equal(judgeGuard(ending({ code: 0 })), undefined);
    assert.deepEqual(judgeGuard(ending({ code: 1 })), { kind: 'skip', reason: 'its guard found nothing to do' });
    assert.deepEqual(judgeGuard(ending({ code: 2, stderrTail: 'no such file' })), {
      kind: 'fail',
      blame: 'cadence',
      class: 'guard',
      reason: 'its guard failed: exit 2: no such file',
    });
  });
});
