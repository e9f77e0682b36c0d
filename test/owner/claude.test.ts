import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { RunRecord } from '../../lib/core/run.ts';
import { eventually } from '../support/eventually.ts';
import type { CliOptions } from '../support/owner-cli.ts';
import { createYard, finalRecord, type Yard } from './owner-yard.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures', import.meta.url));
const FAKE = `${FIXTURES}/children/fake-claude.mjs`;

/** An owner started from within a claude session, with a fake claude first on its PATH. */
function withClaude(yard: Yard, session: string): CliOptions {
  yard.put('bin/claude', `#!/bin/sh\nexec '${process.execPath}' '${FAKE}' "$@"\n`, 0o755);
  mkdirSync(`${yard.root}/seen`, { recursive: true });
  return {
    env: {
      PATH: `${yard.root}/bin:${process.env.PATH}`,
      CLAUDECODE: '1',
      CLAUDE_FAKE_SESSION: `${FIXTURES}/${session}`,
      CLAUDE_FAKE_SEEN: `${yard.root}/seen/claude.json`,
    },
  };
}

const seenBy = (yard: Yard): { argv: string[]; stdin: string; env: Record<string, string> } =>
  JSON.parse(readFileSync(`${yard.root}/seen/claude.json`, 'utf8'));

/** Ends with a newline, as a file does. */
const PROMPT = `${'Read the notes, and do what they say. '.repeat(1725)}\n`;

describe('a claude cadence on a real owner', () => {
  it('M7 hands a prompt of 64 KB over on stdin, and does not tell the session that it runs inside another', async () => {
    const yard = createYard();
    assert.ok(Buffer.byteLength(PROMPT) > 64 * 1024);
    yard.put('cadences/brief.md', PROMPT);
    await yard.start(withClaude(yard, 'claude/2.1.328/success-stream'));
    const record = await finalRecord(yard, await yard.enqueue('brief'));
    assert.equal(record.status, 'succeeded', record.reason);
    const seen = seenBy(yard);
    assert.equal(seen.stdin.trim(), PROMPT.trim());
    assert.ok(seen.argv.join(' ').length < 1024, 'nothing of it is an argument');
    assert.deepEqual(
      Object.keys(seen.env).filter((name) => name.startsWith('CLAUDECODE')),
      [],
    );
    assert.equal(seen.env.CADENCE_RUN_ID, record.run_id);
    assert.equal(record.prompt_path, `${yard.paths.cadences}/brief.md`);
  });

  it('M10 M31 keeps its words in files named by day, cadence and run; its event tells of the prompt, the exit code, the time it took and the files', async () => {
    const yard = createYard();
    yard.put('cadences/brief.md', 'Write.\n');
    yard.shell('ill', 'echo said; echo broke >&2; exit 3', 'retry: { attempts: 1 }');
    await yard.start(withClaude(yard, 'claude/2.1.328/success-stream'));
    const [well, ill] = [await finalRecord(yard, await yard.enqueue('brief')), await finalRecord(yard, await yard.enqueue('ill'))];
    const fileOf = ({ cadence, run_id, started_at }: RunRecord, stream: string): string =>
      `${yard.paths.subsessions}/${started_at.slice(0, 10)}-${cadence}-${run_id}.${stream}.log`;
    const told = (stage: string, { run_id }: RunRecord) => eventually(stage, () => yard.events(stage).find((event) => event.run_id === run_id));
    const success = await told('run_finished', well);
    assert.deepEqual(
      [success.prompt, success.exit_code, success.duration_ms, success.stdout_path],
      [`${yard.paths.cadences}/brief.md`, 0, well.duration_ms, fileOf(well, 'stdout')],
    );
    const failure = await told('subsession_failed', ill);
    assert.deepEqual(
      [failure.exit_code, failure.duration_ms, failure.error, failure.stdout_path, failure.stderr_path],
      [3, ill.duration_ms, 'exit 3: broke', fileOf(ill, 'stdout'), fileOf(ill, 'stderr')],
    );
    assert.equal(readFileSync(fileOf(ill, 'stderr'), 'utf8'), 'broke\n');
  });

  it('takes an edited prompt with the next tick', async () => {
    const yard = createYard();
    yard.put('cadences/brief.md', 'The first words.\n');
    await yard.start(withClaude(yard, 'claude/2.1.328/success-stream'));
    await finalRecord(yard, await yard.enqueue('brief'));
    yard.put('cadences/brief.md', 'The second words.\n');
    await finalRecord(yard, await yard.enqueue('brief'));
    assert.equal(seenBy(yard).stdin, 'The second words.\n');
  });

  it('is a failure where the exit code is 0 and the result is an error, and its cost is recorded', async () => {
    const yard = createYard();
    yard.put('cadences/brief.md', '---\nretry: { attempts: 1 }\n---\nDo it.\n');
    await yard.start(withClaude(yard, 'owner/claude-error'));
    const record = await finalRecord(yard, await yard.enqueue('brief'));
    assert.deepEqual([record.status, record.exit_code, record.cost_usd], ['dead', 0, 0.0125]);
    assert.match(record.reason, /the tool went away in the middle/);
  });

  it('goes on with the session of a run that a halt has cut short, by what its record says', async () => {
    const yard = createYard();
    yard.put('cadences/brief.md', '---\nkill_grace: 1s\n---\nDo it.\n');
    const stream = readFileSync(`${FIXTURES}/claude/2.1.328/stream-tool-allowed/stdout.txt`, 'utf8').trimEnd().split('\n').slice(0, -1);
    yard.put('cut/stdout.txt', `${stream.join('\n')}\n`);
    yard.put('cut/stderr.txt', '');
    yard.put('cut/exit_code', '0');
    const options = withClaude(yard, 'claude/2.1.328/success-stream');
    const more = { CLAUDE_FAKE_SESSION: `${yard.root}/cut`, CLAUDE_FAKE_RESUMED: `${FIXTURES}/claude/2.1.328/success-stream`, HOME: yard.root };
    // Its first session says what it has done and does not end.
    yard.put('bin/claude', `#!/bin/sh\n[ "$5" = --session-id ] && export CLAUDE_FAKE_HANGS=1\nexec '${process.execPath}' '${FAKE}' "$@"\n`, 0o755);
    await yard.start({ env: { ...options.env, ...more } });
    const id = await yard.enqueue('brief');
    await eventually('the session has worked', () =>
      yard.ls('subsessions').some((file) => readFileSync(`${yard.paths.subsessions}/${file}`, 'utf8').includes('Tool ran')),
    );
    await yard.cli('halt', '--kill');
    await eventually('it was interrupted', () => yard.records().some(({ tick, status }) => tick === id && status === 'interrupted'));
    const first = seenBy(yard);
    await yard.cli('resume');
    const record = await finalRecord(yard, id);
    assert.deepEqual([record.status, record.session_id, record.is_resumed], ['succeeded', first.argv[5], true], record.reason);
    assert.deepEqual(seenBy(yard).argv.slice(4, 6), ['--resume', first.argv[5]]);
    const cut = yard.records().find(({ status }) => status === 'interrupted');
    assert.ok(cut?.cost_is_estimate === true && (cut.cost_usd ?? 0) > 0 && cut.turns === 2);
  });
});
