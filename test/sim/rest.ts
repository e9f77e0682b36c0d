import { slotsWith } from '../../lib/app/answers/slot-reading.ts';
import { isFinal } from '../../lib/core/run.ts';
import { createSlotReading } from '../../lib/history/slot-ledger.ts';
import { parseHealBook } from '../../lib/wire/healing.ts';
import { SCHEDULED } from './cast.ts';
import type { Look } from './invariants.ts';

/** When the world has meant well for long enough, every tick, slot, notice and run has come to its end. */
export function restComplaints(look: Look): readonly string[] {
  return [...ticks(look), ...slots(look), ...outbox(look), ...leftovers(look), ...money(look), ...mending(look)];
}

function ticks({ stage, reading, runs }: Look): readonly string[] {
  const dead = new Set(reading.dead().map(({ name }) => name.id));
  const pending = (['inbox', 'waiting', 'claimed'] as const).flatMap((folder) =>
    reading.names(folder).map(({ id, cadence }) => `${id} of ${cadence} is still in ${folder}`),
  );
  const last = new Map(runs.toReversed().map((run) => [run.tick, run]));
  const open = [...stage.witness.acked].filter((id) => {
    const run = last.get(id);
    return (run === undefined || !isFinal(run.status)) && !dead.has(id);
  });
  return [...pending, ...open.map((id) => `${id} has not ended: ${last.get(id)?.status}`)];
}

/** Every slot has one end, with a reason. */
function slots({ stage, reading, runs, files }: Look): readonly string[] {
  const { machine } = stage;
  const ledger = createSlotReading({ files, paths: stage.paths });
  const wrong: string[] = [];
  for (const cadence of SCHEDULED) {
    const cursor = ledger.cursors().get(cadence);
    if (cursor === undefined) continue;
    const nowMs = machine.nowMs();
    const query = { fromMs: 0, untilMs: nowMs, most: 100_000, nowMs, isOwned: true, shared: [] };
    const views = slotsWith(reading, ledger, cursor, cadence, query);
    for (const { at, end, because } of views) {
      if (end === 'waiting' || because === '' || /does not say|somebody has removed/.test(because))
        wrong.push(`slot ${at} of ${cadence} is ${end}: ${because}`);
    }
    const ran = new Map<string, number>();
    for (const run of runs)
      if (run.cadence === cadence && run.slot !== undefined && run.status === 'succeeded') ran.set(run.slot, (ran.get(run.slot) ?? 0) + 1);
    for (const [slot, times] of ran) if (times > 1 + machine.cuts) wrong.push(`slot ${slot} of ${cadence} succeeded ${times} times`);
  }
  return wrong;
}

function outbox({ stage, files }: Look): readonly string[] {
  return files.list(stage.paths.outbox).flatMap((file) => (file.endsWith('.json') ? [`${file} is still in the outbox`] : []));
}

function leftovers({ stage, files }: Look): readonly string[] {
  const { machine, paths } = stage;
  const alive = machine.children.all.filter(({ isAlive, isStopped }) => isAlive && !isStopped);
  return [...alive.map(({ runId, cadence }) => `${runId} of ${cadence} still runs`), ...files.list(paths.running).map((folder) => `running/${folder} is left`)];
}

/** Who was to mend something has ended, one way or the other: a fix that is worked on by nobody would keep all others away. */
function mending({ stage, files }: Look): readonly string[] {
  const found = files.read(stage.paths.healing);
  const book = found?.kind === 'text' ? parseHealBook(JSON.parse(found.text)) : undefined;
  const fixes = Object.values(book?.prints ?? {}).flatMap(({ fix }) => fix ?? []);
  return fixes
    .filter(({ status }) => status === 'working')
    .map(({ cadence, source, incident_id }) => `${source} works on ${incident_id} of ${cadence} for ever`);
}

const DAY_USD = 2;

/** No day has cost more than its budget and one run. */
function money({ runs }: Look): readonly string[] {
  const days = new Map<string, number[]>();
  for (const run of runs) {
    if (run.cadence !== 'worker') continue;
    const usd = Math.max(run.cost_usd ?? 0, run.charged_usd ?? 0);
    const day = (run.ended_at ?? '').slice(0, 10);
    days.set(day, [...(days.get(day) ?? []), usd]);
  }
  return [...days].flatMap(([day, all]) => {
    const total = all.reduce((sum, usd) => sum + usd, 0);
    return total - Math.max(...all) <= DAY_USD + 1e-6 ? [] : [`worker spent ${total} on ${day}`];
  });
}
