#!/usr/bin/env node
import { main } from '../lib/cli/main.ts';
import { createVoice, listenToStream } from '../lib/platform/voice.ts';

/** As a program that dies of a broken pipe leaves: whoever read our result has seen enough. */
const BROKEN_PIPE = 128 + 13;
const RESULT_REFUSED = 74;

// Words for people: an owner goes on when nobody can hear them any more.
const goOn = (): void => undefined;
listenToStream('stderr', goOn);
listenToStream('stdout', leaveUnheard);
const stderr = createVoice({ fd: 2, stream: () => process.stderr, onRefusal: goOn });
const stdout = createVoice({ fd: 1, stream: () => process.stdout, onRefusal: leaveUnheard });

function leaveUnheard(error: NodeJS.ErrnoException): never {
  if (error.code === 'EPIPE') process.exit(BROKEN_PIPE);
  stderr.say(`error: cannot write the result: ${error.code ?? error.message}\n`, true);
  process.exit(RESULT_REFUSED);
}

void main(process.argv.slice(2), {
  cwd: process.cwd(),
  env: process.env,
  isTerminal: stderr.isTerminal && stdout.isTerminal,
  isScreen: stdout.isTerminal,
  signals: process,
  loadMcp: () => import('../lib/mcp/server.ts'),
  loadWeb: () => import('../lib/web/server.ts'),
  stdout: stdout.say,
  stderr: stderr.say,
}).then(leave);

/**
 * What was said reaches a slow reader first. Then the process ends: an owner that has stopped leaves its children to the
 * next one, and what followed them must not keep this process alive.
 */
async function leave(exitCode: number): Promise<void> {
  await stdout.said();
  await stderr.said();
  process.exit(exitCode);
}
