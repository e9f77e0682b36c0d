/** The least that can notice a file: `fs.watch` and a stamp. Says `<nanoseconds>` for the first event of each new name. */
import { watch } from 'node:fs';

const seen = new Set();
watch(process.argv[2], (_kind, name) => {
  const at = process.hrtime.bigint();
  if (seen.has(name)) return;
  seen.add(name);
  process.stdout.write(`${name} ${at}\n`);
});
process.stdout.write('ready\n');
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
