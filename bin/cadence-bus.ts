#!/usr/bin/env node
import { main } from '../lib/cli/main.ts';

/** As a program that dies of a broken pipe leaves: whoever read our result has seen enough. */
const BROKEN_PIPE = 128 + 13;
const RESULT_REFUSED = 74;

function leaveUnheard(error: NodeJS.ErrnoException): never {
  if (error.code === 'EPIPE') process.exit(BROKEN_PIPE);
  process.stderr.write(`error: cannot write the result: ${error.code ?? error.message}\n`);
  process.exit(RESULT_REFUSED);
}

process.stdout.on('error', leaveUnheard);
// Words for people: an owner goes on when nobody can hear them any more.
process.stderr.on('error', () => undefined);
// A file that may not grow (ulimit -f) is a fault of that write, EFBIG, as a full disk is. Node ignores the signal; libraries
// that tidy up at signals do not, and would end an owner with it.
process.on('SIGXFSZ', () => undefined);

void main(process.argv.slice(2), {
  cwd: process.cwd(),
  env: process.env,
  isTerminal: process.stderr.isTTY === true && process.stdout.isTTY === true,
  loadMcp: () => import('../lib/mcp/server.ts'),
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
}).then(leave);

/**
 * What was said reaches a slow reader first. Then the process ends: an owner that has stopped leaves its children to the
 * next one, and what followed them must not keep this process alive.
 */
function leave(exitCode: number): void {
  process.stdout.write('', (error) => {
    if (error) leaveUnheard(error);
    process.stderr.write('', () => process.exit(exitCode));
  });
}
