import { realpathSync, statSync } from 'node:fs';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { CadenceError } from '../core/error.ts';
import { pathsOf } from '../core/paths.ts';
import type { Ms } from '../core/time/instant.ts';
import type { ControlRequest, OwnerInfo, OwnerState } from '../ports.ts';
import { awakeMs } from './awake.ts';
import { errnoOf } from './fault.ts';
import { isAlive, readOwnerInfo } from './owner-info.ts';
import { knock, ownerPlace, refuseForeignFolder } from './owner-socket.ts';

const ANSWERS_WITHIN_MS = 1_000;
const ASK_AGAIN_MS = 10;
/** From `owner.json` to the socket. */
const BEGINS_WITHIN_MS = 1_000;
/** More than any run record; an owner that sends longer lines is none of ours. */
const MAX_LINE_CHARS = 16 * 1024 * 1024;

export type Answer = Readonly<Record<string, unknown>>;

/**
 * Sends one request to the owner and hands over each line that comes back. Resolves when the owner has ended the
 * conversation, or died, or when `signal` is aborted. Throws `no_owner` where nobody listens.
 */
export async function askOwner(root: string, request: ControlRequest, onLine: (answer: Answer) => void, signal?: AbortSignal): Promise<void> {
  const place = ownerPlace(root);
  refuseForeignFolder(place);
  const knocked = await knock(place.socket);
  if (knocked.kind === 'full') throw new CadenceError('held', `the owner of ${root} does not answer`, 'It may be stopped: cadence-bus status shows its pid.');
  if (knocked.kind !== 'open') throw new CadenceError('no_owner', `nobody runs the bus of ${root}`, 'Start it: cadence-bus start');
  await converse(knocked.socket, request, onLine, signal);
}

function converse(socket: Socket, request: ControlRequest, onLine: (answer: Answer) => void, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    let rest = '';
    const leave = (): void => void socket.destroy();
    const fail = (thrown: unknown): void => {
      reject(thrown);
      leave();
    };
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      try {
        for (const line of lines) onLine(parseAnswer(line));
      } catch (thrown) {
        fail(thrown);
      }
      if (rest.length > MAX_LINE_CHARS) fail(new CadenceError('bad_data', 'the owner sent an endless line', 'Restart it: cadence-bus start'));
    });
    socket.on('error', (thrown) => {
      // The owner ended while we spoke; what it had sent is here already.
      const errno = errnoOf(thrown);
      if (errno !== 'EPIPE' && errno !== 'ECONNRESET') reject(thrown);
    });
    socket.once('close', () => {
      signal?.removeEventListener('abort', leave);
      resolve();
    });
    signal?.addEventListener('abort', leave);
    if (signal?.aborted === true) leave();
    else socket.write(`${JSON.stringify(request)}\n`);
  });
}

function parseAnswer(line: string): Answer {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Answer;
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown;
  }
  throw new CadenceError('bad_data', `the owner sent no answer: ${line.slice(0, 80)}`, 'Another program may listen there; look with lsof.');
}

/**
 * Who owns this root, for readers: it takes nothing and changes nothing. One who hangs up without a word may be dying:
 * the kernel closes his socket a moment after he is gone from the list of processes. So he is asked again, as is one who
 * has just written who he is, and listens in a moment. Whoever aborts `leave` waits for no answer: who has not answered by
 * then is silent.
 */
export async function probeOwner(root: string, withinMs: Ms = ANSWERS_WITHIN_MS, leave?: AbortSignal): Promise<OwnerState> {
  const place = ownerPlace(root);
  refuseForeignFolder(place);
  // Where nobody is there nothing is waited for, and to load what waits would be the longest part of this.
  let giveUp: AbortSignal | undefined;
  for (;;) {
    const beganMs = awakeMs();
    const knocked = await knock(place.socket);
    if (knocked.kind !== 'open' && knocked.kind !== 'left') {
      const found = stateOfUnopened(knocked.kind, place.root, readOwnerInfo(place.root));
      if (knocked.kind === 'full' || !lives(found.info) || !isJustWritten(place.root) || leave?.aborted === true) return found;
      await pause(ASK_AGAIN_MS);
      continue;
    }
    giveUp ??= leave === undefined ? abortAfter(withinMs) : AbortSignal.any([abortAfter(withinMs), leave]);
    const pid = knocked.kind === 'left' ? undefined : await ping(knocked.socket, giveUp);
    const info = readOwnerInfo(place.root);
    // An owner that has just begun may not have written who it is; the one before it is not the answer.
    if (pid !== undefined) return { kind: 'answers', info: info?.pid === pid ? info : undefined, tookMs: awakeMs() - beganMs };
    if (giveUp.aborted) return { kind: 'silent', info };
    await pause(ASK_AGAIN_MS);
  }
}

/** Whether the owner ends for one who is to stay. One of an older version does not know the word, and one that stands still does not answer. */
export async function askToYield(root: string): Promise<boolean> {
  let answer: Answer = {};
  const hear = (said: Answer): void => {
    answer = said;
  };
  try {
    await askOwner(root, { op: 'yield' }, hear, abortAfter(ANSWERS_WITHIN_MS));
  } catch (error) {
    if (error instanceof CadenceError && error.code === 'no_owner') return true;
    throw error;
  }
  return answer.yields === true;
}

/** When it is we who got no turn for so long, the answer lies there by now, and a turn of the loop is enough to read it. */
function abortAfter(ms: Ms): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => setImmediate(() => controller.abort()), ms).unref();
  return controller.signal;
}

/**
 * A socket that refuses is dead, with one exception: macOS refuses, where Linux says EAGAIN, when too many callers wait
 * for a stopped owner. So while the process that `owner.json` names lives, a refusal does not make it dead. In a copy of
 * a root, socket and `owner.json` are copies, too: whoever lives there owns the other root, and is none of ours to end.
 */
function stateOfUnopened(kind: 'full' | 'refused' | 'absent', root: string, info: OwnerInfo | undefined): OwnerState {
  const livesElsewhere = lives(info) && realPathOf(info.root) !== root;
  if (kind === 'full' || (kind === 'refused' && lives(info) && !livesElsewhere)) return { kind: 'silent', info };
  return { kind: 'none', info: livesElsewhere ? undefined : info };
}

function lives(info: OwnerInfo | undefined): info is OwnerInfo {
  return info?.state === 'running' && info.pid !== process.pid && isAlive(info);
}

function isJustWritten(root: string): boolean {
  const ageMs = Date.now() - (statSync(pathsOf(root).owner, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  return ageMs >= 0 && ageMs < BEGINS_WITHIN_MS;
}

/** undefined: it is there no more. */
function realPathOf(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch {
    return undefined;
  }
}

async function ping(socket: Socket, giveUp: AbortSignal): Promise<number | undefined> {
  let pid: number | undefined;
  const onLine = (answer: Answer): void => {
    if (typeof answer.pid === 'number') pid = answer.pid;
  };
  await converse(socket, { op: 'ping' }, onLine, giveUp);
  return pid;
}
