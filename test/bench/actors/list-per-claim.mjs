/**
 * A queue as it is often written, and as the reference describes itself: for each tick the whole folder is listed and
 * sorted, the first is claimed, rewritten with its new state, run, removed, and a state file is written.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';

const [inbox, claimed, most] = process.argv.slice(2);
mkdirSync(claimed, { recursive: true });
const before = process.resourceUsage();
let done = 0;
for (; done < Number(most); done += 1) {
  const [name] = readdirSync(inbox).sort();
  if (name === undefined) break;
  renameSync(`${inbox}/${name}`, `${claimed}/${name}`);
  const tick = JSON.parse(readFileSync(`${claimed}/${name}`, 'utf8'));
  rewrite(`${claimed}/${name}`, { ...tick, attempts: 1 });
  unlinkSync(`${claimed}/${name}`);
  rewrite(`${claimed}/../state.json`, { last: name, status: 'ok' });
}
const after = process.resourceUsage();
process.stdout.write(JSON.stringify({ count: done, cpuUs: after.userCPUTime - before.userCPUTime + after.systemCPUTime - before.systemCPUTime }));

function rewrite(path, value) {
  writeFileSync(`${path}.tmp`, JSON.stringify(value));
  renameSync(`${path}.tmp`, path);
}
