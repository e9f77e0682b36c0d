import assert from 'node:assert/strict';
import { cpSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { formatTickName } from '../../lib/core/tick.ts';
import { createFiles } from '../../lib/platform/files.ts';
import { cutFiles } from '../support/cut-files.ts';
import { inFastFolder } from '../support/fast-folder.ts';
import { incidentsOf, type NoticeYard, noticeYard } from '../support/notice-yard.ts';
import { tempRoot } from '../support/temp-root.ts';

const CADENCES = { task: 'run: { command: ["true"] }\nretry: { attempts: 1 }\n' };

async function yardAt(root: string): Promise<NoticeYard> {
  return noticeYard({ root, bus: '', cadences: CADENCES, outcome: () => ({ kind: 'fail', blame: 'cadence', reason: 'exit 1: no' }) });
}

/** A root in which one incident is on file, copied for each death. */
async function failedRoot(): Promise<string> {
  const root = inFastFolder(tempRoot);
  await (await yardAt(root)).run('task');
  return root;
}

/** What a chat's message leaves: a control tick under the key of the message. */
function say(yard: NoticeYard, id: string, message: string, text: string): void {
  const dueMs = yard.clock.nowMs() - 1;
  const payload = { order: 'incident', what: 'comment', id: String(incidentsOf(yard.root)[0]?.id), text, by: 'slack:U1', message };
  const tick = { cadence: 'bus-control', source: 'chat', enqueued_at: new Date(dueMs).toISOString(), payload, key: message };
  writeFileSync(`${yard.root}/state/cadence-bus/inbox/${formatTickName({ dueMs, cadence: 'bus-control', id, attempts: 0 })}`, `${JSON.stringify(tick)}\n`);
}

const commentsOf = (yard: NoticeYard): readonly string[] =>
  yard
    .read(`state/cadence-bus/incidents/${String(incidentsOf(yard.root)[0]?.id)}/comments.jsonl`)
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { text: string }).text);

describe('a comment from a chat', () => {
  it('A20 stands there once, wherever the owner that takes it dies, and so do two that say the same', async () => {
    const before = await failedRoot();
    let deaths = 0;
    let hasDiedAfterIt = false;
    for (let n = 1; n <= 60; n += 1) {
      const root = inFastFolder(tempRoot);
      cpSync(before, root, { recursive: true });
      const yard = await yardAt(root);
      say(yard, 'comment00001', 'chat:slack:1', 'it is the router');
      say(yard, 'comment00002', 'chat:slack:2', 'it is the router');
      const files = cutFiles(createFiles(), n);
      const isDead = await Promise.race([yard.restart(files).then(() => false), files.died.then(() => true)]).catch((error: Error) => {
        if (error.message !== 'killed') throw error;
        return true;
      });
      if (!isDead) break;
      deaths += 1;
      hasDiedAfterIt ||= files.calls.at(-1)?.includes('comments.jsonl') === true;
      await yard.restart();
      assert.deepEqual(commentsOf(yard), ['it is the router', 'it is the router'], `cut after call ${n}, ${files.calls.at(-1)}`);
    }
    assert.ok(deaths > 5 && hasDiedAfterIt, `${deaths} deaths`);
  });
});
