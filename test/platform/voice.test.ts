import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, type Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { createVoice, type Voice } from '../../lib/platform/voice.ts';
import { tempRoot } from '../support/temp-root.ts';

interface Heard {
  readonly voice: Voice;
  /** How often a stream was made. */
  readonly made: () => number;
  readonly streamed: () => string;
  readonly refused: () => readonly (string | undefined)[];
}

function voiceAt(fd: number, stream: Writable = new PassThrough()): Heard {
  let made = 0;
  const pieces: string[] = [];
  const refused: (string | undefined)[] = [];
  stream.on('data', (piece: Buffer) => void pieces.push(String(piece)));
  const makeStream = (): Writable => {
    made += 1;
    return stream;
  };
  const voice = createVoice({ fd, stream: makeStream, onRefusal: ({ code }) => void refused.push(code) });
  return { voice, made: () => made, streamed: () => pieces.join(''), refused: () => refused };
}

/** Both ends of a pipe, of which the kernel says what it says of any. */
function pipeIn(folder: string, flags: number): { readonly fd: number; readonly read: () => string } {
  const path = join(folder, 'pipe');
  assert.equal(spawnSync('mkfifo', [path]).status, 0);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const buffer = Buffer.alloc(4 * 1024 * 1024);
  return { fd: openSync(path, flags), read: () => buffer.toString('utf8', 0, readSync(reader, buffer)) };
}

describe('what a command says', () => {
  it('goes straight into a file, whoever goes on, and no stream is made', async () => {
    const path = join(tempRoot(), 'said');
    const fd = openSync(path, 'w');
    const { voice, made } = voiceAt(fd);
    voice.say('an owner goes on … ');
    voice.say('done\n', true);
    await voice.said();
    assert.equal(readFileSync(path, 'utf8'), 'an owner goes on … done\n');
    assert.deepEqual([made(), voice.isTerminal], [0, false]);
    closeSync(fd);
  });

  it('goes into /dev/null as into a file', () => {
    const fd = openSync('/dev/null', 'w');
    const { voice, made, refused } = voiceAt(fd);
    voice.say('nobody hears this\n');
    assert.deepEqual([made(), refused().length, voice.isTerminal], [0, 0, false]);
    closeSync(fd);
  });

  it('goes through a stream into a pipe while something goes on, and all that follows after it', () => {
    const { fd, read } = pipeIn(tempRoot(), constants.O_WRONLY);
    const { voice, made, streamed } = voiceAt(fd);
    voice.say('first\n');
    voice.say('last\n', true);
    assert.deepEqual([made(), streamed()], [1, 'first\nlast\n']);
    writeSync(fd, 'empty so far');
    assert.equal(read(), 'empty so far');
    closeSync(fd);
  });

  it('goes straight into a pipe where these are the last words', () => {
    const { fd, read } = pipeIn(tempRoot(), constants.O_WRONLY);
    const { voice, made } = voiceAt(fd);
    voice.say('the result\n', true);
    assert.deepEqual([made(), read()], [0, 'the result\n']);
    closeSync(fd);
  });

  it('is handed to the stream from where a pipe took no more and may not be waited for', () => {
    const { fd, read } = pipeIn(tempRoot(), constants.O_WRONLY | constants.O_NONBLOCK);
    const { voice, made, streamed } = voiceAt(fd);
    const said = Array.from({ length: 60_000 }, (_, line) => `line ${line} é\n`).join('');
    voice.say(said, true);
    const taken = Buffer.from(read());
    assert.equal(made(), 1);
    assert.ok(taken.length > 0 && taken.length < Buffer.byteLength(said));
    assert.equal(streamed(), Buffer.from(said).subarray(taken.length).toString());
    closeSync(fd);
  });

  it('is refused by a pipe that nobody reads any more', () => {
    const path = join(tempRoot(), 'pipe');
    assert.equal(spawnSync('mkfifo', [path]).status, 0);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const fd = openSync(path, 'w');
    closeSync(reader);
    const { voice, refused } = voiceAt(fd);
    voice.say('is anybody there?\n', true);
    assert.deepEqual(refused(), ['EPIPE']);
    closeSync(fd);
  });

  it('waits for the stream to be handed all of it before it counts as said', async () => {
    const { fd } = pipeIn(tempRoot(), constants.O_WRONLY);
    let go: (() => void) | undefined;
    const slow = new PassThrough({
      transform(piece, _encoding, done) {
        go = () => done(null, piece);
      },
    });
    const { voice } = voiceAt(fd, slow);
    voice.say('slowly\n');
    let isSaid = false;
    const said = voice.said().then(() => {
      isSaid = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(isSaid, false);
    go?.();
    await new Promise((resolve) => setImmediate(resolve));
    go?.();
    await said;
    assert.equal(isSaid, true);
    closeSync(fd);
  });
});

describe('a stream that somebody else writes to', () => {
  it('tells what could not be handed over, where that would else have ended the program', async () => {
    const module = new URL('../../lib/platform/voice.ts', import.meta.url).href;
    const program = `
      import { listenToStream } from '${module}';
      listenToStream('stderr', ({ code }) => console.log(code, process.stderr === process.stderr));
      process.stdin.once('end', () => process.stderr.write('is anybody there?')).resume();`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], { stdio: ['pipe', 'pipe', 'pipe'] });
    let said = '';
    child.stdout.on('data', (piece: Buffer) => {
      said += String(piece);
    });
    child.stderr.destroy();
    await once(child.stderr, 'close');
    child.stdin.end();
    const [code] = await once(child, 'close');
    assert.deepEqual([code, said], [0, 'EPIPE true\n']);
  });
});
