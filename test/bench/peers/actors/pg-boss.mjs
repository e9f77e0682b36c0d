/** pg-boss with the largest batches and the shortest wait between looks that it takes. `place` is the database. */
export async function open(need, place) {
  const PgBoss = need('pg-boss');
  const boss = new PgBoss({ connectionString: place });
  boss.on('error', (error) => {
    throw error;
  });
  await boss.start();
  await boss.createQueue('bench');
  return {
    addMany: (count) => boss.insert(Array.from({ length: count }, () => ({ name: 'bench', data: {} }))),
    addOne: () => boss.send('bench', {}),
    async work(onJob, atOnce) {
      await boss.work('bench', { batchSize: atOnce === 1 ? 1 : 1000, pollingIntervalSeconds: 0.5 }, async (jobs) => {
        for (const _job of jobs) onJob();
      });
    },
    close: () => boss.stop({ graceful: false }),
  };
}
