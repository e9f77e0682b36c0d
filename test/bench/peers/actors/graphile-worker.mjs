/** graphile-worker as its own documentation tunes it: a local queue, and completions in batches. `place` is the database. */
export async function open(need, place) {
  const { makeWorkerUtils, run, Logger } = need('graphile-worker');
  const logger = new Logger(() => () => undefined);
  const utils = await makeWorkerUtils({ connectionString: place, logger });
  await utils.migrate();
  const runners = [];
  return {
    addMany: (count) => utils.addJobs(Array.from({ length: count }, () => ({ identifier: 'noop', payload: {} }))),
    addOne: () => utils.addJob('noop', {}),
    async work(onJob, atOnce) {
      const tuned = atOnce === 1 ? {} : { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 };
      const worker = { concurrentJobs: Math.min(atOnce, 24), ...tuned };
      runners.push(
        await run({
          connectionString: place,
          logger,
          noHandleSignals: true,
          concurrency: worker.concurrentJobs,
          preset: { worker },
          taskList: { noop: async () => onJob() },
        }),
      );
    },
    async close() {
      for (const runner of runners) await runner.stop();
      await utils.release();
    },
  };
}
