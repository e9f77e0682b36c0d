import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { createYard, finalRecord, type Yard } from './owner-yard.ts';

/** Starts an owner again and again, as a service manager does, until one of them stays with nothing left to do. */
async function superviseUntil(yard: Yard, isDone: () => boolean): Promise<readonly (number | null)[]> {
  const codes: (number | null)[] = [];
  for (let life = 0; life < 6; life += 1) {
    const owner = yard.spawn(['start']);
    await eventually('it has ended, or all is done', () => owner.hasEnded() || isDone());
    if (!owner.hasEnded()) return codes;
    codes.push((await owner.ended).code);
  }
  throw new Error(`no owner stayed: ${codes.join(' ')}`);
}

const KILLERS: readonly { readonly name: string; readonly body: string; readonly code: number | null; readonly says: string }[] = [
  { name: 'calls process.exit', body: 'process.exit(3);', code: 3, says: '' },
  {
    name: 'leaves a rejection that nobody handles',
    body: 'Promise.reject(new Error("nobody listens")); await new Promise(() => {});',
    code: 1,
    says: 'nobody listens',
  },
  { name: 'throws in a timer', body: 'setTimeout(() => { throw new Error("too late"); }, 1); await new Promise(() => {});', code: 1, says: 'too late' },
];

describe('a handler that kills its owner', () => {
  for (const { name, body, code } of KILLERS) {
    it(`because it ${name} ends in the dlq as owner-died after its attempts, and nothing else is lost`, async () => {
      const yard = createYard();
      yard.inline('poison', body, 'retry: { attempts: 2 }');
      yard.inline('good', 'return "done";');
      yard.shell('child', 'sleep 0.2; echo done');
      const poison = await yard.enqueue('poison');
      const others = await Promise.all([...Array.from({ length: 20 }, () => yard.enqueue('good')), yard.enqueue('child')]);
      const codes = await superviseUntil(
        yard,
        () => yard.ls('dlq').length > 0 && yard.ls('waiting').length + yard.ls('inbox').length + yard.ls('claimed').length === 0,
      );
      assert.deepEqual(codes, [code, code]);
      assert.ok(
        yard.ls('dlq').some((file) => file.endsWith(`.${poison}.2.owner-died.json`)),
        yard.ls('dlq').join(' '),
      );
      for (const tick of others) assert.equal((await finalRecord(yard, tick)).status, 'succeeded');
      const audit = await yard.json('audit');
      assert.deepEqual([audit.code, audit.missing, audit.doubled], [0, [], []]);
    });
  }

  it('says what it was, with the place in the handler, before it is gone', async () => {
    const yard = createYard();
    yard.inline('poison', 'Promise.reject(new Error("nobody listens")); await new Promise(() => {});');
    const owner = await yard.start();
    await yard.enqueue('poison');
    const { stderr } = await owner.ended;
    assert.match(stderr, /nobody listens/);
    assert.match(stderr, /handlers\/poison\.mjs\?v=[^:]*:2/);
    const status = await yard.cli('status');
    assert.match(status.stdout, /died/);
  });

  it('does not do so by throwing, or by rejecting, in its own course: that is a failure like any other', async () => {
    const yard = createYard();
    yard.inline('throws', 'throw new TypeError("as it must");', 'retry: { attempts: 1 }');
    yard.inline('rejects', 'await null; return Promise.reject("words");', 'retry: { attempts: 1 }');
    const owner = await yard.start();
    const [throws, rejects] = [await yard.enqueue('throws'), await yard.enqueue('rejects')];
    assert.match((await finalRecord(yard, throws)).reason, /^as it must \(.*handlers\/throws\.mjs:2/);
    assert.match((await finalRecord(yard, rejects)).reason, /words/);
    assert.ok(!owner.hasEnded());
  });
});
