/** plainjob on SQLite as it comes: WAL with `synchronous = NORMAL`, so what was added last is lost in a power cut. `place` is a folder. */
import { join } from 'node:path';

export async function open(need, place) {
  const { better, defineQueue, defineWorker } = need('plainjob');
  const Database = need('better-sqlite3');
  const logger = { error: console.error, warn: console.error, info: () => undefined, debug: () => undefined };
  const queue = defineQueue({ connection: better(new Database(join(place, 'plainjob.db'))), logger });
  const workers = [];
  return {
    addMany: async (count) =>
      queue.addMany(
        'noop',
        Array.from({ length: count }, () => ({})),
      ),
    addOne: async () => queue.add('noop', {}),
    async work(onJob) {
      const worker = defineWorker('noop', async () => onJob(), { queue, pollIntervall: 10, logger });
      workers.push(worker);
      void worker.start();
    },
    async close() {
      for (const worker of workers) await worker.stop();
      queue.close();
    },
  };
}
