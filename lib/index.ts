/**
 * What a program gets from `import … from 'cadence-bus'`. It loads `node:` modules and pure rules only: whoever drops a
 * tick pays for no schema, no YAML, no logger; unless its cadence asks for a schema of the payload. Who consumes loads the rest.
 */
import type { Consumer, ConsumerOptions } from './app/library-consumer.ts';
import { createProducer, type EnqueueOptions, mayAskForSchema, type Producer, type Receipt, requireRoot } from './platform/producer.ts';

export type { Consumer, ConsumerOptions, ConsumerStats } from './app/library-consumer.ts';
export { CadenceError, type ErrorCode } from './core/error.ts';
export type { BusEvent } from './core/event.ts';
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
  const { root: named } = options;
  // Whether a root that is known is still one is asked by the delivery, once for all calls of a turn.
  const root = named !== undefined && producers.has(named) ? named : requireRoot(named, process.cwd(), process.env);
  if (mayAskForSchema(root, cadence)) (await import('./app/payload-check.ts')).requireFit(root, cadence, options.payload);
  const producer = producers.get(root) ?? createProducer({ root });
  producers.set(root, producer);
  return producer.enqueue(cadence, options);
}

/**
 * The owner of a root inside your own program, as `cadence-bus start` is one by itself. Rejects with a `CadenceError` of the
 * code `held`, which names the other, where somebody owns the root. The root is found as for `enqueue`.
 *
 * A bundler leaves the package out where a program consumes (esbuild: `--external:cadence-bus`); `enqueue` alone may be bundled.
 *
 * If you come from a consumer that took its policies as options: `agentRoot` is `root`, `logger` is `onEvent`; `pollMs` is
 * gone, for nothing polls. The rest are keys of a cadence's file, each cadence with its own: `maxSpawnMs` is `timeout`,
 * `maxAttempts` is `retry.attempts`, `backoffSchedule` is `retry.delays`, `circuitThreshold` is `breaker.failures`,
 * `circuitDurationMs` is `breaker.open`, and what `spawnSession` replaced is `run`, with `claude.path` in `bus.yaml`.
 */
export async function startConsumer(options: ConsumerOptions & { readonly root?: string } = {}): Promise<Consumer> {
  return (await import('./app/library-consumer.ts')).startConsumer(options);
}
