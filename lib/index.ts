/**
 * What a program gets from `import … from 'cadence-bus'`. It loads `node:` modules and pure rules only: whoever drops a
 * tick pays for no schema, no YAML, no logger; unless its cadence asks for a schema of the payload.
 */
import { createProducer, type EnqueueOptions, mayAskForSchema, type Producer, type Receipt, requireRoot } from './platform/producer.ts';

export { CadenceError, type ErrorCode } from './core/error.ts';
export type { HandlerAnswer, HandlerContext } from './core/handler.ts';
export type { RunRecord, RunStatus } from './core/run.ts';
export type { Tick } from './core/tick.ts';
export { type EnqueueOptions, findRoot, type Receipt } from './platform/producer.ts';

const producers = new Map<string, Producer>();

/**
 * Drops a tick for `cadence`, and resolves with its receipt when it is on disk, whether an owner runs or not. The root
 * is `options.root`, else CADENCE_ROOT, else AGENT_ROOT, else the nearest parent with a `cadences/` folder. Calls of
 * one turn share one file and one flush.
 */
export async function enqueue(cadence: string, options: EnqueueOptions & { readonly root?: string } = {}): Promise<Receipt> {
  const { root: named, ...rest } = options;
  const root = requireRoot(named, process.cwd(), process.env);
  if (mayAskForSchema(root, cadence)) (await import('./app/payload-check.ts')).requireFit(root, cadence, rest.payload);
  const producer = producers.get(root) ?? createProducer({ root });
  producers.set(root, producer);
  return producer.enqueue(cadence, rest);
}
