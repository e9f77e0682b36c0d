/**
 * The least that takes a held tick in: a hint of `fs.watch`, the listing that it asks for, and for each file one reading and
 * one rename to where what is held waits. No order, no checks, nothing remembered.
 */
import { readdirSync, readFileSync, renameSync, watch } from 'node:fs';
import { join } from 'node:path';

const [inbox, waiting] = process.argv.slice(2);
let [isDue, taken] = [true, 0];

function takeIn() {
  while (isDue) {
    isDue = false;
    for (const name of readdirSync(inbox)) {
      // A hint may come before the text.
      const text = readFileSync(join(inbox, name), 'utf8');
      isDue ||= !text.endsWith('\n');
      if (!text.endsWith('\n')) continue;
      taken += 1;
      renameSync(join(inbox, name), join(waiting, `20261120T070000000Z.${JSON.parse(text).cadence}.${String(taken).padStart(12, '0')}.0.json`));
    }
  }
}

watch(inbox, () => {
  isDue = true;
  setImmediate(takeIn);
});
process.stdout.write('ready\n');
