/** The three calls that no queue on files can do without, on the same files: rename, read, unlink. */
import { mkdirSync, readdirSync, readFileSync, renameSync, unlinkSync } from 'node:fs';

const [inbox, claimed] = process.argv.slice(2);
mkdirSync(claimed, { recursive: true });
const startedMs = performance.now();
const before = process.resourceUsage();
const names = readdirSync(inbox).sort();
for (const name of names) {
  renameSync(`${inbox}/${name}`, `${claimed}/${name}`);
  readFileSync(`${claimed}/${name}`, 'utf8');
  unlinkSync(`${claimed}/${name}`);
}
const after = process.resourceUsage();
const cpuUs = after.userCPUTime - before.userCPUTime + after.systemCPUTime - before.systemCPUTime;
process.stdout.write(JSON.stringify({ count: names.length, wallUs: (performance.now() - startedMs) * 1000, cpuUs }));
