import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { takeAudit } from '../../lib/app/answers/audit.ts';
import { readDefined } from '../../lib/app/definitions/defined.ts';
import { fileFindings, handedOver, planFiling } from '../../lib/app/watch/filing.ts';
import { lookAround } from '../../lib/app/watch/sight.ts';
import { CadenceError } from '../../lib/core/error.ts';
import type { Outcome } from '../../lib/core/outcome.ts';
import type { TimerState, TimerView } from '../../lib/core/slot/timer.ts';
import type { Filed } from '../../lib/core/watch/findings.ts';
import { createFiles } from '../../lib/platform/files.ts';
import type { Files, Http, Job } from '../../lib/ports.ts';
import { goRound } from '../../lib/services/watchman.ts';
import { cutFiles } from '../support/cut-files.ts';
import { inFastFolder } from '../support/fast-folder.ts';
import { incidentsOf } from '../support/notice-yard.ts';
import { createTimeYard, type TimeYard } from '../support/time-yard.ts';

const SECOND = 1_000;
const HOUR = 3_600_000;
const HOURLY = ['schedule: hourly :00', 'retry: { attempts: 1 }', 'on_diagnose: { max_usd: 1 }'];

interface Told {
  readonly kind: string;
  readonly text: string;
}

interface Yard extends TimeYard {
  readonly told: Told[];
  /** What each agent was asked. */
  readonly prompts: string[];
  /** The manager of the system, which gives back no timer that it has lost. */
  timer: TimerState | undefined;
  answer: string;
  isBroken: boolean;
  files: Files;
  /** A round of the watchman, who is no part of the owner: worries that are left, and those that the bus itself would pay an agent for. */
  round(): Promise<readonly string[]>;
  incidents(): readonly string[];
}

function createYard(lines: readonly string[] = HOURLY): Yard {
  const told: Told[] = [];
  const prompts: string[] = [];
  const http: Http = {
    async post({ body }) {
      told.push(JSON.parse(body) as Told);
      return { kind: 'answer', status: 204, retryAfterMs: undefined, text: '' };
    },
  };
  const outcome = (job: Job): Outcome & { readonly answer?: unknown } => {
    if (job.cadence.name !== 'bus-diagnose-job') return yard.isBroken ? { kind: 'fail', blame: 'cadence', reason: 'exit 1: no' } : { kind: 'ok', summary: '' };
    if (job.cadence.run.kind === 'claude') prompts.push(readFileSync(job.cadence.run.promptPath, 'utf8'));
    return { kind: 'ok', summary: '', answer: { kind: yard.answer, diagnosis: 'the unit file is gone' } };
  };
  const base = inFastFolder(() => createTimeYard({ startIso: '2026-11-20T07:30:00Z', http, outcome, files: () => yard.files }));
  let filed: Filed = {};
  mkdirSync(`${base.root}/state/cadence-bus/inbox`, { recursive: true });
  writeFileSync(`${base.root}/cadences/bus.yaml`, 'notify: { after: 1, webhook: { url: "https://well.example/hook" } }\n');
  const timers = (): readonly TimerView[] =>
    yard.timer === undefined
      ? []
      : [
          {
            ...{ name: 'job', role: 'timer', label: 'bus.job', path: '/units/job', state: yard.timer, because: 'exit 78', pid: null },
            ...{ runs: null, last_exit_code: null },
          },
        ];
  const yard: Yard = Object.assign(base, {
    ...{ told, prompts, timer: undefined, answer: 'none', isBroken: false, files: createFiles() },
    async round() {
      const isOwned = ((): boolean => {
        try {
          return base.owner() !== undefined;
        } catch {
          return false;
        }
      })();
      const round = await goRound({
        clock: base.clock,
        look: () =>
          lookAround({
            ...{ root: base.root, listTimers: async () => timers(), nowMs: base.clock.nowMs },
            askOwner: async () => (isOwned ? { kind: 'answers', info: undefined, tookMs: 0 } : { kind: 'none', info: undefined }),
          }),
        timers: {
          reload: () => Promise.reject(new CadenceError('io', 'Access denied', '')),
          startOwner: () => Promise.reject(new CadenceError('io', 'Access denied', '')),
        },
        wakeOwner: async () => undefined,
        ...{ reloads: {}, wakeDelayMs: 0, onWait: () => undefined },
      });
      const { definitions } = readDefined(base.root);
      const memory = { format: 1, at: '', ok: false, interval_ms: HOUR, enabled: true, because: '', reloads: {}, told: {}, diagnosed: {}, filed } as const;
      const filing = planFiling(definitions, round, memory);
      await fileFindings(base.root, filing, base.clock);
      filed = filing.filed;
      const handed = handedOver(definitions, filing, filed);
      if (isOwned) {
        base.owner().queue.expect();
        await base.pass(SECOND);
      }
      return round.worries.map(({ key }) => (handed.has(key) ? `${key} is handed over` : key));
    },
    incidents: () =>
      incidentsOf(base.root).map(({ detector, state, occurrences, resolved_by }) => [detector, state, occurrences, resolved_by].join(' ').trim()),
  });
  yard.cadence('job', ...lines);
  // It was written in the yard's time, too.
  const long = new Date('2026-11-20T07:00:00Z');
  utimesSync(`${base.root}/cadences/job.yaml`, long, long);
  return yard;
}

describe('what is found without a run that failed', () => {
  it('P14 P16 P24 a timer that is dead after its repair is an incident, asks on_diagnose and nobody twice, and is over when it comes again', async () => {
    const yard = createYard();
    await yard.start();
    await yard.pass(HOUR);
    yard.timer = 'failed';
    assert.deepEqual(await yard.round(), ['timer:job is handed over'], 'P12 the self-diagnosis of the bus leaves it to the agent of the cadence');
    assert.deepEqual([yard.incidents(), yard.prompts.length], [['disabled needs_human 1'], 1]);
    assert.match(
      yard.prompts[0] ?? '',
      /the timer of job is failed: exit 78.*Its schedule: .*Its last run: 2026-11-20T08:00:00.*Its timer: "failed: exit 78"/s,
    );
    assert.deepEqual(
      yard.told.map(({ kind }) => kind),
      ['failure'],
    );
    assert.match(
      yard.told[0]?.text ?? '',
      /the timer of job is failed: exit 78 - .*it needs you \(agent says that a person is needed: the unit file is gone\)/,
    );
    await yard.pass(HOUR);
    assert.deepEqual(yard.incidents(), ['disabled needs_human 1'], 'a run that the owner made up for proves nothing of the timer');
    await yard.round();
    assert.deepEqual(
      [yard.incidents(), yard.prompts.length, yard.told.length],
      [['disabled needs_human 2'], 1, 1],
      'P28 the agent rests, and nobody is told twice',
    );
    yard.timer = 'idle';
    assert.deepEqual(await yard.round(), []);
    assert.deepEqual([yard.incidents(), yard.told.map(({ kind }) => kind)], [['disabled resolved 2 proof'], ['failure', 'recovery']]);
  });

  it('P14 P28 an agent that says that it has mended the timer is believed when the timer comes, and asked no sooner than it may be when it does not', async () => {
    const yard = createYard();
    await yard.start();
    Object.assign(yard, { timer: 'not_loaded', answer: 'restart' });
    await yard.round();
    assert.deepEqual([yard.incidents(), yard.told], [['disabled healing 1'], []], 'it is under proof');
    await yard.pass(HOUR);
    await yard.round();
    assert.deepEqual([yard.incidents(), yard.prompts.length], [['disabled needs_human 2'], 1], 'it did not hold, and the agent rests for twelve hours');
    await yard.pass(12 * HOUR);
    await yard.round();
    assert.match(yard.prompts[1] ?? '', /The previous approach did NOT persist/);
    yard.timer = 'running';
    await yard.round();
    const rows = readFileSync(`${yard.root}/state/cadence-bus/attempts.tsv`, 'utf8').trim().split('\n');
    const last = new Map(rows.map((row) => [row.split('\t')[0], row.split('\t')[5]]));
    assert.deepEqual([...last.values()].slice(-2), ['regressed', 'kept']);
  });

  it('P16 the prompt of on_diagnose knows every word that the reference has, and those of on_failure', async () => {
    const words = [
      ...['task_id', 'task_name', 'exit_code', 'error', 'log_file', 'stderr_file', 'stdout_file', 'working_dir', 'consecutive_failures', 'state_file'],
      ...['project_root', 'learning_file', 'detected_problem', 'command', 'schedule', 'last_run', 'launchd_status', 'recovery_attempts', 'log_dir'],
      ...['python_path', 'recurring_fix_failures', 'last_fix_summary', 'total_diagnose_invocations'],
    ];
    const yard = createYard([...HOURLY.slice(0, 2), 'on_diagnose: { prompt: words.md }']);
    for (const at of ['', 'cadences/']) writeFileSync(`${yard.root}/${at}words.md`, words.map((word) => `${word}=<{${word}}>\n`).join(''));
    await yard.start();
    await yard.pass(HOUR);
    Object.assign(yard, { timer: 'failed', answer: 'restart' });
    await yard.round();
    await yard.pass(13 * HOUR);
    await yard.round();
    await yard.pass(13 * HOUR);
    await yard.round();
    const [, again = ''] = yard.prompts;
    const said = new Map([...again.matchAll(/^(\w+)=<(.*)>$/gm)].map(([, word = '', value = '']) => [word, value]));
    assert.deepEqual(
      words.filter((word) => !said.has(word) || /^\{|\}$/.test(said.get(word) ?? '')),
      [],
      again.slice(0, 2_000),
    );
    // A run that ended well left neither an exit code nor logs here.
    const empty = words.filter((word) => said.get(word) === '');
    assert.deepEqual(empty, ['exit_code', 'log_file', 'stderr_file', 'stdout_file']);
    const { root } = yard;
    assert.deepEqual(
      ['task_id', 'detected_problem', 'launchd_status', 'working_dir', 'recurring_fix_failures', 'total_diagnose_invocations'].map((word) => said.get(word)),
      ['job', '"the timer of job is failed: exit 78"', '"failed: exit 78"', root, '1', '2'],
    );
    assert.match(said.get('last_fix_summary') ?? '', /agent \(regressed\)/);
    assert.equal(said.get('last_run')?.slice(0, 11), '2026-11-20T');
  });

  it('P14 stale: a timer that is loaded and lets its slots pass is one, too', async () => {
    const yard = createYard();
    writeFileSync(`${yard.root}/cadences/bus.yaml`, 'scheduler: systemd\n');
    yard.timer = 'idle';
    await yard.start();
    await yard.pass(3 * HOUR);
    assert.deepEqual(await yard.round(), ['late:job is handed over']);
    assert.deepEqual([yard.incidents(), yard.prompts.length], [['stale needs_human 1'], 1]);
  });

  it('a cadence without on_diagnose has its incident all the same, and the self-diagnosis of the bus is free to look', async () => {
    const yard = createYard(['schedule: hourly :00']);
    await yard.start();
    yard.timer = 'disabled';
    assert.deepEqual(await yard.round(), ['timer:job']);
    await yard.pass(2 * HOUR);
    await yard.round();
    assert.deepEqual([yard.incidents(), yard.told], [['disabled open 1'], []], 'the watchman tells of it, every four hours');
  });

  it('P22 a slot that only the watchman finds missing is on file as soon as there is an owner; the one that comes back opens no second', async () => {
    const yard = createYard(['schedule: hourly :00', 'retry: { attempts: 1 }', 'window: 10m']);
    await yard.start();
    await yard.pass(HOUR);
    await yard.off(HOUR);
    assert.deepEqual(await yard.round(), ['cadence:job']);
    assert.deepEqual(await yard.round(), ['cadence:job']);
    assert.equal(readdirSync(`${yard.root}/state/cadence-bus/inbox`).length, 1, 'told once, however often he comes');
    yard.isBroken = true;
    await yard.start();
    await yard.pass(SECOND);
    assert.deepEqual(
      yard
        .slots('job')
        .map(({ end }) => end)
        .slice(-2),
      ['ran', 'missed'],
      'the owner has found the same slot missed',
    );
    assert.deepEqual(yard.incidents(), ['missed open 1']);
    yard.isBroken = false;
    await yard.passUntil('2026-11-20T10:01:00Z');
    assert.deepEqual(yard.incidents(), ['missed resolved 1 proof']);
    assert.deepEqual(takeAudit(yard.root).missing, []);
  });

  it('P22 what was made up for by the time an owner reads it is on file as over, and nothing is tried for it', async () => {
    const yard = createYard();
    await yard.start();
    await yard.pass(HOUR);
    await yard.off(HOUR);
    assert.deepEqual(await yard.round(), ['cadence:job is handed over']);
    const inbox = `${yard.root}/state/cadence-bus/inbox`;
    const [found = ''] = readdirSync(inbox);
    const tick = readFileSync(`${inbox}/${found}`);
    createFiles().remove(`${inbox}/${found}`);
    await yard.start();
    await yard.pass(SECOND);
    writeFileSync(`${inbox}/${found}`, tick);
    yard.owner().queue.expect();
    await yard.pass(SECOND);
    assert.deepEqual([yard.incidents(), yard.prompts, yard.told], [['missed resolved 1 proof'], [], []]);
  });

  it('P14 an owner that dies at any write of it leaves one incident, counted once, and asks its agent', { timeout: 120_000 }, async () => {
    let deaths = 0;
    for (let n = 1; ; n += 2) {
      const yard = createYard();
      yard.timer = 'failed';
      await yard.round();
      const files = cutFiles(createFiles(), n);
      yard.files = files;
      const live = async (): Promise<string> => {
        await yard.start();
        await yard.pass(SECOND);
        return 'rested';
      };
      const end = await Promise.race([live(), files.died.then(() => 'died')]).catch((error: Error) => {
        if (error.message !== 'killed') throw error;
        return 'died';
      });
      yard.crash();
      if (end === 'rested') break;
      deaths += 1;
      yard.files = createFiles();
      await yard.start();
      await yard.pass(60 * SECOND);
      assert.deepEqual(yard.incidents(), ['disabled needs_human 1'], `cut after call ${n}, ${files.calls.at(-1)}`);
      assert.match(yard.prompts[0] ?? '', /Its last run: never\./);
      assert.ok(yard.prompts.length >= 1 && yard.told.length >= 1 && new Set(yard.told.map(({ text }) => text)).size === 1, `cut after call ${n}`);
    }
    assert.ok(deaths > 20, `${deaths} deaths`);
  });
});
