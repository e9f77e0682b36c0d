import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { takeAudit } from '../../lib/app/answers/audit.ts';
import { createReading } from '../../lib/app/reading.ts';
import { isFinal } from '../../lib/core/run.ts';
import { parseDeadName } from '../../lib/core/tick.ts';
import { createFiles } from '../../lib/platform/files.ts';
import { parseCircuitView, parseHolds, parsePurse } from '../../lib/wire/state.ts';
import { testClock } from './bus.ts';
import { type CutFiles, cutFiles } from './cut-files.ts';
import { ALL_IDS, IDS, runToRest, STORY_COST_USD, type StoryRunner, storyOwner, storyRunner, writeStory } from './story.ts';

/** The story, told by owners that die, and what must be true in the end. */
const START_MS = Date.UTC(2026, 10, 20, 7);

export interface Told {
  readonly calls: readonly string[];
  readonly ran: Map<string, number>;
  readonly isCut: boolean;
}

/** Dies after so many changing calls; the owner that comes next dies after so many of its own; the third one lives. 0: lives. */
export async function tell(root: string, dieAfter: number, nextDiesAfter = 0): Promise<Told> {
  writeStory(root, START_MS);
  const clock = testClock(START_MS);
  const ran = new Map<string, number>();
  const files = cutFiles(createFiles(), dieAfter);
  const isCut = (await runToRest(storyOwner(root, files, clock, runnerOf(root, ran, files)), clock, files.died)) === 'died';
  if (isCut) {
    const next = cutFiles(createFiles(), nextDiesAfter);
    const end = await runToRest(storyOwner(root, next, clock, runnerOf(root, ran, next)), clock, next.died);
    if (end === 'died') await runToRest(storyOwner(root, createFiles(), clock, storyRunner(ran)), clock);
  }
  await resumeAll(root, clock, ran);
  return { calls: files.calls, ran, isCut };
}

/** What is set aside for a run is shown while it goes on, or its owner has died before. */
function runnerOf(root: string, ran: Map<string, number>, { died }: CutFiles): StoryRunner {
  const { purse } = createReading(root).paths;
  let isDead = false;
  void died.then(() => {
    isDead = true;
  });
  return storyRunner(ran, (runId) => isDead || (existsSync(purse) && readFileSync(purse, 'utf8').includes(runId)));
}

/** The story pauses one cadence; a third owner lets it go on, so that every tick comes to its end. */
async function resumeAll(root: string, clock: ReturnType<typeof testClock>, ran: Map<string, number>): Promise<void> {
  const owner = storyOwner(root, createFiles(), clock, storyRunner(ran));
  await owner.parts.book.load();
  owner.parts.book.change({ ...owner.parts.book.holds(), paused: {} });
  await runToRest(storyOwner(root, createFiles(), clock, storyRunner(ran)), clock);
}

export function check(root: string, told: Told, where: string, deaths = told.isCut ? 1 : 0): void {
  const { paths, history } = createReading(root);
  const audit = takeAudit(root);
  assert.deepEqual(
    { where, missing: audit.missing, doubled: audit.doubled, waiting: audit.waiting, running: audit.running },
    { where, missing: [], doubled: [], waiting: 0, running: 0 },
  );
  for (const id of ALL_IDS) {
    const last = history.find(id);
    assert.ok(last !== undefined && isFinal(last.status), `${where}: ${id} ended as ${last?.status}`);
  }
  assert.equal(history.find(IDS.good)?.status, 'succeeded', where);
  assert.equal(history.find(IDS.old)?.status, 'expired', where);
  assert.equal(IDS.folded.filter((id) => history.find(id)?.status === 'coalesced').length, 2, where);
  for (const id of IDS.quick) assert.equal(history.find(id)?.status, 'succeeded', `${where}: ${id}`);
  assert.deepEqual(readdirSync(paths.claimed), [], where);
  const dead = readdirSync(paths.dlq);
  for (const file of dead) {
    assert.ok(parseDeadName(file) !== undefined, `${where}: ${file} lies in dlq`);
    if (file.includes('malformed')) continue;
    const content = JSON.parse(readFileSync(`${paths.dlq}/${file}`, 'utf8'));
    assert.ok(content.dead?.because !== undefined, `${where}: ${file} does not say why`);
  }
  for (const id of [...IDS.broken, IDS.hopeless, IDS.doomed, IDS.unknown])
    assert.equal(dead.filter((file) => file.includes(id)).length, 1, `${where}: ${id} is not dead once`);
  assert.ok(parseHolds(JSON.parse(readFileSync(paths.holds, 'utf8'))) !== undefined, `${where}: holds.json`);
  const circuit = existsSync(paths.circuit) ? readFileSync(paths.circuit, 'utf8') : undefined;
  assert.ok(circuit === undefined || parseCircuitView(JSON.parse(circuit)) !== undefined, `${where}: circuit-open.json`);
  checkMoney(root, where, deaths);
  // At least once: what ran twice under one id was cut once, and nothing ran more often than that (a deferral gives its id back).
  const repeated = [...told.ran].filter(([runId, times]) => times > (runId.startsWith('later') ? 2 : 1));
  assert.ok(repeated.length <= deaths, `${where}: ran again: ${repeated}`);
}

/** Nothing stays set aside, each run is paid once, and what the bus has spent is what the receipts say. */
function checkMoney(root: string, where: string, deaths: number): void {
  const { paths, history } = createReading(root);
  const purse = parsePurse(JSON.parse(readFileSync(paths.purse, 'utf8')));
  assert.deepEqual([purse?.reserved, purse?.holds], [{}, {}], `${where}: purse.json`);
  const runs = history.runs({ cadence: 'paid', limit: 100 });
  assert.equal(new Set(runs.map(({ run_id }) => run_id)).size, runs.length, `${where}: a run is paid twice`);
  for (const id of IDS.paid) {
    const { status, cost_usd } = history.find(id) ?? {};
    // Two deaths may use up its tries; whether one had begun and is charged decides the sum below.
    if (deaths < 2 || status !== 'dead') assert.equal(cost_usd, STORY_COST_USD, `${where}: the receipt of ${id}`);
  }
  const cents = (usd: number): number => Math.round(usd * 100);
  const told = runs.reduce((sum, { cost_usd, charged_usd = 0 }) => sum + (cost_usd ?? 0) + charged_usd, 0);
  const { spending } = history.spending('UTC');
  const counted = Object.values(spending.bus.days).reduce((sum, [micros]) => sum + micros, 0);
  assert.equal(cents(counted / 1e6), cents(told), `${where}: what was spent`);
}
