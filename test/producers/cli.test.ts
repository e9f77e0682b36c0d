import { type ErrorCode, EXIT_CODES } from '../../lib/core/error.ts';
import { call, parseAnswer } from '../support/cli.ts';
import { CLI } from '../support/owner-cli.ts';
import { type Answer, commandProducer, type Producer, type Words } from './producer.ts';
import { describeProducer } from './producer-suite.ts';

const asProcess = commandProducer([...CLI, 'enqueue']);

/** In this process, for a start of Node's costs more than all the rest; stdin is only the other one's to give. */
async function produce(words: Words, root: string): Promise<Answer> {
  const { argv, stdin } = asProcess.command(words, root);
  if (stdin !== undefined) return asProcess.produce(words, root);
  const { code, said } = parseAnswer(await call(argv.slice(CLI.length)));
  if (code === 0 && said.ok === true) return { kind: 'queued', path: String(said.path) };
  const error = said.error as { readonly code: ErrorCode; readonly message: string; readonly hint: string };
  if (said.ok !== false || EXIT_CODES[error.code] !== code) throw new Error(`answer and exit code do not agree: ${code} ${JSON.stringify(said)}`);
  return { kind: 'refused', ...error };
}

const producer: Producer = { ...asProcess, produce };
describeProducer('cadence-bus enqueue', producer);
