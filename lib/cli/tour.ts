import { prepareDemonstration } from '../app/tour.ts';
import { CadenceError } from '../core/error.ts';
import type { Output } from './command.ts';

const PLAN = [
  ['demo-hello', 1],
  ['demo-slow', 1],
  ['demo-flaky', 1],
  ['demo-broken', 2],
] as const;

const TOLD: Readonly<Record<(typeof PLAN)[number][0], string>> = {
  'demo-hello': 'an inline handler that ends well',
  'demo-slow': 'a command that takes 15 seconds: kill -9 this process meanwhile and start it again, it is adopted',
  'demo-flaky': 'a command that fails at its first try and succeeds at its second',
  'demo-broken': 'two ticks of a command that always fails: retry, then dlq, then its breaker opens and holds the rest, then one probe',
};

/** Drops a tick for each cadence of the demonstration and says what there is to see. */
export async function beginTour(root: string, out: Output): Promise<void> {
  const { present, enqueue } = prepareDemonstration(root, PLAN);
  if (present.length === 0) {
    const hint = `They come with the package: ${PLAN.map(([name]) => name).join(', ')}.`;
    throw new CadenceError('not_found', `${root}/cadences has none of the demonstration's cadences`, hint);
  }
  out.note('');
  out.note(out.paint.bold('The tour: enqueued for you, to see a failure handled before your eyes (about 40 seconds)'));
  for (const [name] of PLAN) if (present.includes(name)) out.note(`  ${out.paint.bold(name.padEnd(12))} ${TOLD[name]}`);
  out.note(out.paint.dim('Look on from another terminal: ls state/cadence-bus/dlq · cat state/cadence-bus/circuit-open.json · npx cadence-bus status'));
  out.note('');
  await enqueue();
}
