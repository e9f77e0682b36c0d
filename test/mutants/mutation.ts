import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mutant } from './list.ts';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const COPIED = ['lib', 'bin', 'test', 'package.json', 'tsconfig.json', 'README.md'];
const WITHIN_MS = 240_000;

export type Verdict = 'caught' | 'SURVIVES';

/** A copy of the project, in which rules are broken one at a time. */
export interface MutationYard {
  /** Throws where what is to be replaced does not stand in its file exactly once. */
  verdictOn(mutant: Mutant): Promise<Verdict>;
  /** The tests pass while nothing is broken. */
  passes(tests: readonly string[]): Promise<boolean>;
  remove(): void;
}

export function createMutationYard(): MutationYard {
  const folder = mkdtempSync(join(tmpdir(), 'cadence-bus-mutants-'));
  for (const name of COPIED) cpSync(join(ROOT, name), join(folder, name), { recursive: true, filter: (path) => !path.includes('node_modules') });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const passes = (tests: readonly string[]): Promise<boolean> => runTests(folder, tests);
  return {
    passes,
    async verdictOn({ file, from, to, rule, tests }) {
      const path = join(folder, file);
      const text = readFileSync(path, 'utf8');
      const parts = text.split(from);
      if (parts.length !== 2) throw new Error(`"${rule}": ${JSON.stringify(from)} stands ${parts.length - 1} times in ${file}, and must stand there once.`);
      writeFileSync(path, parts.join(to));
      try {
        return (await passes(tests)) ? 'SURVIVES' : 'caught';
      } finally {
        writeFileSync(path, text);
      }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function runTests(folder: string, tests: readonly string[]): Promise<boolean> {
  // What this run was told by a test runner around it is not for the one inside.
  const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
  const child = spawn(process.execPath, ['test/support/run-tests.mjs', ...tests], { cwd: folder, env, stdio: 'ignore', timeout: WITHIN_MS });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    // Tests that came to no end have noticed nothing.
    child.once('close', (code) => (code === null ? reject(new Error(`${tests.join(' ')}: no end within ${WITHIN_MS / 1000} s`)) : resolve(code === 0)));
  });
}
