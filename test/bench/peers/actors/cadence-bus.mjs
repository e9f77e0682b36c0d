/**
 * The program itself, by its library. `place` is `<library>\n<root>`; its owner is a process of its own then, so the harness
 * drains. With a third line it is in this one, as those of the peers are, and its cadence `job` calls us: `called`, by the
 * library; `dropped`, by a file as `bin/enqueue` makes it.
 */
import { writeFileSync } from 'node:fs';

export async function open(_need, place) {
  const [library, root, how] = place.split('\n');
  const { enqueue, startConsumer } = await import(library);
  const cadence = how === undefined ? 'flat' : 'job';
  let [consumer, dropped] = [undefined, 0];
  const drop = () => {
    dropped += 1;
    writeFileSync(`${root}/state/cadence-bus/inbox/${cadence}.${process.pid}-${dropped}.json`, `{"cadence":"${cadence}","source":"sh"}\n`, {
      flag: 'wx',
      mode: 0o600,
    });
  };
  return {
    addMany: (count) => Promise.all(Array.from({ length: count }, () => enqueue(cadence, { root }))),
    addOne: async () => (how === 'dropped' ? drop() : enqueue(cadence, { root })),
    ...(how !== undefined && {
      async work(onJob) {
        globalThis.onJob = onJob;
        consumer = await startConsumer({ root });
      },
    }),
    close: async () => consumer?.stop(),
  };
}
