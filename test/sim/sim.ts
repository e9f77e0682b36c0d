import { readScript } from '../support/script.ts';
import type { Look } from './invariants.ts';
import { play } from './play.ts';
import { shrink } from './shrink.ts';
import { storyOf, tellStep } from './story.ts';

const HELP = `Examples
  npm run sim                                a few hundred stories
  npm run sim -- --seeds 10000               so many
  npm run sim -- --seeds 500 --from 6000000  from this number on (default 1)
  npm run sim -- --seed 123                  this one again, step by step

A story that fails is told as short as it can be told, and its number tells it again. Exit 1 where one fails.
`;

const script = readScript('sim', HELP, { seed: { type: 'string' }, seeds: { type: 'string' }, from: { type: 'string' } });
const seed = script.number('seed', 0);
const { seeds, from } = { seeds: script.number('seeds', 1) ?? 200, from: script.number('from', 0) ?? 1 };

async function tellOne(number: number): Promise<boolean> {
  const story = storyOf(number);
  const failure = await play(story);
  if (failure === undefined) return true;
  const { story: shortest, failure: last } = await shrink(story, failure);
  process.stdout.write(`\nseed ${number} fails; its shortest story (${shortest.steps.length} of ${story.steps.length} steps):\n`);
  for (const step of shortest.steps) process.stdout.write(`  ${tellStep(step)}\n`);
  if (seed !== undefined) await play(shortest, tellEvents());
  for (const complaint of last.complaints.slice(0, 8)) process.stdout.write(`  → ${complaint}\n`);
  process.stdout.write(`  again: npm run sim -- --seed ${number}\n`);
  return false;
}

/** What the product said meanwhile, for whoever looks at one story. */
function tellEvents(): (look: Look) => void {
  let told = 0;
  return ({ stage: { machine } }) => {
    for (const { ts, stage, ...rest } of machine.events.slice(told)) process.stdout.write(`    ${ts} ${stage} ${JSON.stringify(rest)}\n`);
    told = machine.events.length;
    process.stdout.write(`    ── ${new Date(machine.nowMs()).toISOString()}\n`);
  };
}

const startedMs = performance.now();
let failed = 0;
const [first, last] = seed === undefined ? [from, from + seeds - 1] : [seed, seed];
for (let number = first; number <= last; number += 1) {
  if (!(await tellOne(number))) failed += 1;
  if (number % 1000 === 0) process.stderr.write(`sim: ${number} told, ${failed} failed, ${Math.round((performance.now() - startedMs) / 1000)} s\n`);
}
const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
process.stdout.write(`sim: ${last - first + 1} stories in ${seconds} s, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
