import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CadenceError, type ErrorCode, EXIT_CODES } from '../../lib/core/error.ts';
import { enqueue } from '../../lib/index.ts';
import { plain } from '../support/plain.ts';
import { tempRoot } from '../support/temp-root.ts';

/** What a caller says, whatever the producer. The payload is JSON text. */
export interface Words {
  readonly cadence: string;
  readonly payload?: string;
  /** How a command gets the payload. */
  readonly via?: 'argument' | 'file' | 'stdin';
  readonly key?: string;
  readonly source?: string;
  readonly slot?: string;
  readonly expiresAt?: string;
}

export type Answer =
  | { readonly kind: 'queued'; readonly path: string }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string; readonly hint: string }
  | { readonly kind: 'killed' };

export interface Command {
  readonly argv: readonly string[];
  readonly stdin?: string;
}

export interface Producer {
  /** In the quickest way there is. */
  produce(words: Words, root: string): Promise<Answer>;
  /** As a process, which can be limited and killed. */
  command(words: Words, root: string): Command;
  /** It gets the payload as text, so wrong text is its business. */
  readonly takesText: boolean;
}

export const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

/** Any command line that understands the words of `enqueue` and `--json`. */
export function commandProducer(program: readonly string[]): Producer {
  const command = (words: Words, root: string): Command => {
    const { text, stdin } = payloadWords(words);
    const options = { payload: text, key: words.key, source: words.source, slot: words.slot, 'expires-at': words.expiresAt, root };
    const flags = Object.entries(options).flatMap(([option, value]) => (value === undefined ? [] : [`--${option}`, value]));
    return { argv: [...program, words.cadence, ...flags, '--json'], ...(stdin !== undefined && { stdin }) };
  };
  return { command, takesText: true, produce: (words, root) => run(command(words, root)) };
}

function payloadWords({ payload, via = 'argument' }: Words): { readonly text: string | undefined; readonly stdin?: string } {
  if (payload === undefined || via === 'argument') return { text: payload };
  if (via === 'stdin') return { text: '-', stdin: payload };
  const file = join(tempRoot('payload-'), 'a payload.json');
  writeFileSync(file, payload);
  return { text: `@${file}` };
}

export function libraryProducer(): Producer {
  const optionsOf = ({ payload, key, source, slot, expiresAt }: Words, root: string): Record<string, unknown> => ({
    root,
    ...(payload !== undefined && { payload: JSON.parse(payload) }),
    ...(key !== undefined && { key }),
    ...(source !== undefined && { source }),
    ...(slot !== undefined && { slot }),
    ...(expiresAt !== undefined && { expiresAtMs: Date.parse(expiresAt) }),
  });
  return {
    takesText: false,
    async produce(words, root) {
      try {
        return { kind: 'queued', path: (await enqueue(words.cadence, optionsOf(words, root))).path };
      } catch (thrown) {
        if (!(thrown instanceof CadenceError)) throw thrown;
        return { kind: 'refused', code: thrown.code, message: thrown.message, hint: thrown.hint };
      }
    },
    command: (words, root) => ({
      argv: [
        process.execPath,
        plain(join(PROJECT, 'test/fixtures/producers/library-enqueue.ts')),
        JSON.stringify({ cadence: words.cadence, options: optionsOf(words, root) }),
      ],
    }),
  };
}

export interface RunOptions {
  readonly uid?: number | undefined;
  /** Called with the process once it runs. */
  readonly onStart?: (kill: () => void) => void;
}

/** Runs a producer to its end. Its exit code, not its words, says what became of it. */
export async function run({ argv, stdin }: Command, { uid, onStart }: RunOptions = {}): Promise<Answer> {
  const { CADENCE_ROOT: _root, AGENT_ROOT: _agentRoot, ...inherited } = process.env;
  const child = spawn(argv[0] as string, argv.slice(1), { stdio: 'pipe', env: inherited, ...(uid !== undefined && { uid, gid: uid }) });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  child.stdin.on('error', ignoreBrokenPipe);
  child.stdin.end(stdin);
  onStart?.(() => child.kill('SIGKILL'));
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code === null) return { kind: 'killed' };
  return answerOf(code, said.stdout, said.stderr);
}

/** A producer that refuses early does not read its stdin to the end. */
function ignoreBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

function answerOf(exit: number, stdout: string, stderr: string): Answer {
  const shown = `exit ${exit}\n${stdout}${stderr}`;
  const lines = stdout.split('\n').filter((line) => line !== '');
  if (lines.length !== 1) throw new Error(`one line of JSON was expected, not: ${shown}`);
  const said = JSON.parse(lines[0] as string) as { ok: boolean; path?: string; error?: { code: ErrorCode; message: string; hint: string } };
  if (exit === 0 && said.ok && said.path !== undefined) return { kind: 'queued', path: said.path };
  if (said.ok || said.error === undefined || EXIT_CODES[said.error.code] !== exit) throw new Error(`answer and exit code do not agree: ${shown}`);
  return { kind: 'refused', ...said.error };
}
