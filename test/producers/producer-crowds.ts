import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { emptyRoot, filesIn, inboxOf, isWhole, readTicks } from './inbox-reader.ts';
import { type Producer, run, type Words } from './producer.ts';

/** What a producer promises among others: many at once, killed ones, and an owner that works on the same folder. */
export function describeCrowds(producer: Producer): void {
  it('M4 makes 200 ticks of 200 calls at once', async () => {
    const root = emptyRoot();
    const numbers = Array.from({ length: 200 }, (_, index) => index);
    const answers = await Promise.all(
      numbers.map((number) => producer.produce({ cadence: 'mail', payload: JSON.stringify({ number, pad: 'x'.repeat(5000) }) }, root)),
    );
    for (const answer of answers) assert.equal(answer.kind, 'queued', JSON.stringify(answer));
    const found = readTicks(inboxOf(root)).map(({ tick }) => (tick.payload as { number: number }).number);
    assert.deepEqual(
      found.sort((a, b) => a - b),
      numbers,
    );
  });

  it('leaves whole or recognisably unfinished files when it is killed at any moment', async () => {
    const root = emptyRoot();
    const words: Words = { cadence: 'mail', payload: `[\n${'"line",\n'.repeat(7000)}1]` };
    const startedMs = performance.now();
    assert.equal((await run(producer.command(words, root))).kind, 'queued');
    const tookMs = performance.now() - startedMs;
    const expected = JSON.parse(words.payload as string);
    for (let round = 0; round < 24; round += 1) {
      await run(producer.command(words, root), { onStart: (kill) => setTimeout(kill, tookMs * (round / 20)) });
    }
    for (const file of filesIn(inboxOf(root))) {
      const path = join(inboxOf(root), file);
      if (!isWhole(path)) rmSync(path);
    }
    for (const { tick } of readTicks(inboxOf(root))) assert.deepEqual(tick.payload, expected);
  });

  it('loses nothing while the owner empties the inbox and swaps it for a new one', async () => {
    const root = emptyRoot();
    const taken = join(root, 'taken');
    mkdirSync(taken);
    mkdirSync(inboxOf(root), { recursive: true, mode: 0o700 });
    const numbers = Array.from({ length: 150 }, (_, index) => index);
    let isProducing = true;
    const swapping = swapUntil(() => !isProducing, inboxOf(root), taken);
    for (let from = 0; from < numbers.length; from += 10) {
      const calls = numbers.slice(from, from + 10).map((number) => producer.produce({ cadence: 'mail', payload: String(number) }, root));
      for (const answer of await Promise.all(calls)) assert.equal(answer.kind, 'queued', JSON.stringify(answer));
    }
    isProducing = false;
    assert.ok((await swapping) > 0, 'the inbox was never swapped');
    const found = [...readTicks(inboxOf(root)), ...readTaken(taken)].map(({ tick }) => Number(tick.payload));
    assert.deepEqual(
      found.sort((a, b) => a - b),
      numbers,
    );
  });
}

/** Moves every file out, then puts a new folder in the place of the empty one; answers how often that went through. */
async function swapUntil(isOver: () => boolean, inbox: string, taken: string): Promise<number> {
  let swaps = 0;
  for (let round = 0; !isOver(); round += 1) {
    for (const file of filesIn(inbox)) {
      const folder = join(taken, String(round));
      mkdirSync(folder, { recursive: true });
      renameSync(join(inbox, file), join(folder, file));
    }
    mkdirSync(`${inbox}.new`, { recursive: true, mode: 0o700 });
    try {
      renameSync(`${inbox}.new`, inbox);
      swaps += 1;
    } catch (thrown) {
      // Somebody was faster, and the folder is not empty.
      if (!['ENOTEMPTY', 'EEXIST'].includes((thrown as NodeJS.ErrnoException).code ?? '')) throw thrown;
    }
    await new Promise((resume) => setImmediate(resume));
  }
  return swaps;
}

function readTaken(taken: string): ReturnType<typeof readTicks> {
  return filesIn(taken).flatMap((round) => readTicks(join(taken, round)));
}
