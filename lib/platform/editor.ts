import { spawn } from 'node:child_process';
import { CadenceError } from '../core/error.ts';

/**
 * Opens a file in the editor of the user and resolves when that has ended. The editor may be a line with options, so a
 * shell reads it, as git does. It speaks on stderr: stdout carries our result only.
 */
export function openEditor(editor: string, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', `${editor} "$1"`, 'editor', path], { stdio: ['inherit', 2, 2] });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (code === 0) resolve();
      else
        reject(
          new CadenceError('io', `the editor (${editor}) ended with ${code === null ? signal : `exit code ${code}`}`, `What was written is kept in ${path}.`),
        );
    });
  });
}
