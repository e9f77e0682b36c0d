import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

/** A fresh folder, removed when the file's tests have ended. Its path is the real one: on macOS the temporary folder is behind a symlink. */
export function tempRoot(name = 'cb-test-'): string {
  const root = realpathSync.native(mkdtempSync(join(tmpdir(), name)));
  after(() => rmSync(root, { recursive: true, force: true }));
  return root;
}
