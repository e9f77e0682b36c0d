/** BullMQ on a Redis of our own. `place` is its socket; finished jobs are dropped, which is the cheaper way for it. */
export async function open(need, place) {
  const { Queue, Worker } = need('bullmq');
  const connection = { path: place, maxRetriesPerRequest: null };
  const queue = new Queue('bench', { connection, defaultJobOptions: { removeOnComplete: true } });
  await queue.waitUntilReady();
  const workers = [];
  return {
    addMany: (count) => queue.addBulk(Array.from({ length: count }, () => ({ name: 'noop', data: {} }))),
    addOne: () => queue.add('noop', {}),
    async work(onJob, atOnce) {
      const worker = new Worker('bench', async () => onJob(), { connection, concurrency: atOnce });
      workers.push(worker);
      await worker.waitUntilReady();
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.close(true)));
      await queue.close();
    },
  };
}
