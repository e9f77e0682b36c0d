import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Job } from '../../lib/ports.ts';
import { plain } from '../support/plain.ts';
import type { Bench } from './workbench.ts';

const SHORT_OWNER = fileURLToPath(new URL('../fixtures/children/short-owner.ts', import.meta.url));

/** Runs the job in an owner that is killed, as -9 kills, as soon as the job has said these words. */
export async function orphan(bench: Bench, job: Job, words: RegExp): Promise<void> {
  const spec = join(bench.root, `${job.runId}.json`);
  writeFileSync(spec, JSON.stringify({ root: bench.root, job }));
  const owner = spawn(process.execPath, [plain(SHORT_OWNER), spec], { cwd: fileURLToPath(new URL('../..', import.meta.url)), stdio: 'ignore' });
  const gone = new Promise((end) => owner.once('exit', end));
  await bench.hear(job, words);
  owner.kill('SIGKILL');
  await gone;
}
