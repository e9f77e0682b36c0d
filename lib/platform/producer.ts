import { resolve as resolvePath } from 'node:path';
import { CadenceError } from '../core/error.ts';
import { formatRunId, type TickName } from '../core/tick.ts';
import type { Clock, Ids } from '../ports.ts';
import { createIds } from './ids.ts';
import { type Delivery, deliver } from './tick-delivery.ts';
import { type EnqueueOptions, requestOf, type TickRequest } from './tick-request.ts';

export { findRoot, requireRoot } from './root.ts';
export { mayAskForSchema } from './schema-hint.ts';
export { type EnqueueOptions, requireKnown } from './tick-request.ts';

/** Names as in every `--json` answer. */
export interface Receipt {
  readonly ok: true;
  readonly status: 'queued';
  readonly run_id: string;
  readonly cadence: string;
  readonly tick: string;
  /** Where the tick was put; the owner moves it on. */
  readonly path: string;
  /** The very same tick was in the inbox already. */
  readonly already_pending?: true;
  readonly next_check_after_seconds: number;
  readonly status_command: string;
  readonly wait_command: string;
  readonly logs_command: string;
}

export interface Producer {
  /** Resolves when the tick is on disk. Rejects with a `CadenceError`; then nothing of it stays in the inbox, as far as the disk obeys. */
  enqueue(cadence: string, options?: EnqueueOptions): Promise<Receipt>;
}

export interface ProducerDeps {
  readonly root: string;
  readonly ids?: Ids;
  readonly clock?: Pick<Clock, 'nowMs'>;
}

/** A checked call that waits for the disk. */
interface Order extends TickRequest {
  readonly resolve: (receipt: Receipt) => void;
  readonly reject: (fault: unknown) => void;
}

/** Calls of one turn share one flush; while a delivery is on its way to the disk, the next one gathers. */
export function createProducer({ root: named, ids = createIds(), clock = { nowMs: Date.now } }: ProducerDeps): Producer {
  const root = resolvePath(named); // now: a later chdir shall not move it
  const at = `--root ${/^[\w./:@%+=,-]+$/.test(root) ? root : `'${root.replaceAll("'", "'\\''")}'`}`;
  let gathered: Order[] = [];
  let isDelivering = false;

  async function deliverAll(): Promise<void> {
    isDelivering = true;
    while (gathered.length > 0) {
      await new Promise((resume) => setImmediate(resume));
      const orders = gathered;
      gathered = [];
      const ends = await deliver(root, orders, ids);
      for (const order of orders) conclude(at, order, ends.get(order.name.id) as Delivery);
    }
    isDelivering = false;
  }

  return {
    async enqueue(cadence, options = {}) {
      const request = requestOf(cadence, options, clock.nowMs(), ids);
      return new Promise((resolve, reject) => {
        gathered.push({ ...request, resolve, reject });
        if (!isDelivering) void deliverAll();
      });
    },
  };
}

function conclude(at: string, { name, resolve, reject }: Order, end: Delivery): void {
  switch (end.kind) {
    case 'placed':
      resolve(formatReceipt(at, name, end.path));
      break;
    case 'already_pending':
      resolve({ ...formatReceipt(at, name, end.path), already_pending: true });
      break;
    case 'refused':
      reject(ownError(end.fault));
      break;
  }
}

/** Callers share a fault, not an object: each may add to its own. */
function ownError(fault: unknown): unknown {
  if (!(fault instanceof CadenceError)) return fault;
  const own = new CadenceError(fault.code, fault.message, fault.hint);
  own.cause = fault.cause;
  return own;
}

/** The commands name the root, for an agent may run them anywhere. */
function formatReceipt(at: string, { cadence, id }: TickName, path: string): Receipt {
  const runId = formatRunId(id, 1);
  return {
    ok: true,
    status: 'queued',
    run_id: runId,
    cadence,
    tick: id,
    path,
    next_check_after_seconds: 5,
    status_command: `cadence-bus status ${cadence} ${at}`,
    wait_command: `cadence-bus wait ${runId} ${at}`,
    logs_command: `cadence-bus logs ${runId} ${at}`,
  };
}
