import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { describe, it } from 'node:test';
import { main } from '../../lib/cli/main.ts';
import { describeExits } from '../../lib/cli/self-description.ts';
import { createDesk, type Desk } from '../support/cli.ts';

/** Somebody who may not do all; as root everything may be read. */
async function asNobody<T>(act: () => Promise<T>): Promise<T> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    return await act();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

const codeOf = async (desk: Desk, line: string): Promise<number> => (await desk.ask(...line.split(' '))).code;

/** A root with something that does well, something that fails, and something that is wrong. */
function createFloor(): Desk {
  const desk = createDesk();
  desk.shell('well', 'echo done');
  desk.shell('ill', 'exit 3', 'retry: { attempts: 1 }');
  return desk;
}

const CASES: Readonly<Record<number, (desk: Desk) => Promise<number>>> = {
  0: (desk) => codeOf(desk, 'run well'),
  1: (desk) => codeOf(desk, 'run ill'),
  2: (desk) => codeOf(desk, 'run well --dry-run'),
  64: (desk) => codeOf(desk, 'run well --no-such-option'),
  65: (desk) => codeOf(desk, 'enqueue well --payload {'),
  66: (desk) => codeOf(desk, 'show x7k2p9qd4mzt'),
  69: async (desk) => codeOf(desk, `wait ${await desk.enqueue('well')}`),
  70: () => {
    const env = new Proxy<Record<string, string>>({}, { get: () => assert.fail('a fault that nobody has thought of') });
    return main(['status'], { cwd: '/', env, isTerminal: false, stdout: () => undefined, stderr: () => undefined });
  },
  74: (desk) => {
    desk.put('state', 'no folder');
    return codeOf(desk, 'enqueue well');
  },
  75: async (desk) => {
    await desk.own();
    return codeOf(desk, 'start');
  },
  77: (desk) => {
    const secret = desk.put('secret.json', '{}');
    chmodSync(desk.root, 0o755);
    chmodSync(secret, 0);
    return asNobody(() => codeOf(desk, `enqueue well --dry-run --payload @${secret}`));
  },
  78: (desk) => {
    desk.cadence('wrong', 'run: { comand: x }');
    return codeOf(desk, 'run wrong');
  },
  124: async (desk) => {
    await desk.own();
    await desk.ask('pause');
    return codeOf(desk, `wait ${await desk.enqueue('well')} --timeout 100ms`);
  },
};

describe('D31 exit codes', () => {
  it('D31 every one that is documented has a case here', () => {
    assert.deepEqual(Object.keys(describeExits()), Object.keys(CASES));
  });

  for (const [code, act] of Object.entries(CASES)) {
    it(`D31 ${code}: ${describeExits()[code]}`, async () => {
      assert.equal(await act(createFloor()), Number(code));
    });
  }
});

it('A57 quiet is healthy: an owner with nothing to do looks around and writes nothing', async () => {
  const desk = createFloor();
  desk.cadence('later', 'run: { command: ["true"] }', 'schedule: "0 7 1 1 *"');
  const { parts } = await desk.own();
  assert.equal(await codeOf(desk, 'run well'), 0);
  await parts.conclusion.idle();
  await parts.journal.flush();
  const before = desk.events();
  assert.ok(before.length > 0 && before.every(({ level }) => level === 'info'));
  for (let look = 0; look < 20; look += 1) {
    await parts.consumer.poll();
    await parts.scheduling.poll();
  }
  await parts.journal.flush();
  assert.deepEqual(desk.events(), before);
});
