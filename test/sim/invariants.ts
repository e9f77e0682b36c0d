import { takeAudit } from '../../lib/app/answers/audit.ts';
import { createReading, type Reading } from '../../lib/app/reading.ts';
import { circuitView } from '../../lib/core/circuit-view.ts';
import { breakerOf } from '../../lib/core/holds.ts';
import { isFinal, type RunRecord } from '../../lib/core/run.ts';
import { isForcedName, parseTickName } from '../../lib/core/tick.ts';
import type { Files } from '../../lib/ports.ts';
import { parseHealBook } from '../../lib/wire/healing.ts';
import { parseCircuitView, parseHolds } from '../../lib/wire/state.ts';
import type { Stage } from './stage.ts';
import { createProcessFiles } from './world/process-files.ts';

/** What somebody sees who looks on and changes nothing: a disk that is always well, in a process that never dies. */
function observer({ machine }: Stage): Files {
  const life = { name: 'observer', isDead: false, isFrozen: false };
  const trouble = { kind: 'well', refuseAfter: undefined, errno: '', refusals: 0 } as const;
  const doom = { diesAfter: undefined, onDeath: () => undefined };
  return createProcessFiles({ disk: machine.disk, turns: machine.turns, life, trouble, doom, luck: () => 1, watch: () => ({ close: () => undefined }) });
}

export interface Look {
  readonly stage: Stage;
  readonly files: Files;
  readonly reading: Reading;
  /** All records, the newest first. */
  readonly runs: readonly RunRecord[];
  /** Nothing is left to be done at this instant. */
  readonly isSettled: boolean;
}

export function lookAt(stage: Stage, isSettled: boolean): Look {
  const files = observer(stage);
  const reading = createReading(stage.machine.root, files);
  return { stage, files, reading, runs: reading.history.runs({ limit: Number.MAX_SAFE_INTEGER }), isSettled };
}

/** Everything that does not hold, in words. */
export function complaints(look: Look): readonly string[] {
  const { machine, witness } = look.stage;
  return [
    ...machine.faults.map((fault) => `the owner met a fault: ${fault instanceof Error ? fault.stack : String(fault)}`),
    ...witness.wrongs,
    ...places(look),
    ...stateFiles(look),
    ...circuits(look),
    ...notices(look),
    ...(look.isSettled && isAtWork(look) ? [...idleTicks(look), ...circuitFile(look), ...broken(look)] : []),
  ];
}

/** A tick is in one place or has ended, and none is lost once `enqueue` has returned. */
function places({ stage, files, reading, runs }: Look): readonly string[] {
  const { machine, witness, paths } = stage;
  const { missing, doubled } = takeAudit(machine.root, files);
  const ended = new Set(runs.filter(({ status }) => isFinal(status)).map(({ tick }) => tick));
  const inInbox = files.list(paths.inbox).map((file) => {
    const found = files.read(`${paths.inbox}/${file}`);
    return `${file} ${found?.kind === 'text' ? found.text : ''}`;
  });
  const placed = new Set([
    ...(['waiting', 'claimed'] as const).flatMap((folder) => reading.names(folder).map(({ id }) => id)),
    ...reading.dead().map(({ name }) => name.id),
  ]);
  const isThere = (id: string): boolean =>
    ended.has(id) || placed.has(id) || inInbox.some((text) => [id, ...(witness.names.get(id) ?? [])].some((name) => text.includes(name)));
  const isTimers = (id: string): boolean => machine.cuts > 0 && machine.events.some(({ tick, cadence }) => tick === id && witness.hinted.has(cadence ?? ''));
  return [
    ...missing.filter((id) => !witness.dropped.has(id) && !isThere(id) && !isTimers(id)).map((id) => `${id} is missing`),
    // The same key may have been asked for more than once, under several names.
    ...doubled.filter((id) => (witness.names.get(id)?.length ?? 0) < 2).map((id) => `${id} lies in two places`),
    ...[...witness.acked].filter((id) => !isThere(id) && !witness.dropped.has(id)).map((id) => `${id} was enqueued, and is lost`),
  ];
}

/** Every state file is whole, and nothing had to be set aside. */
function stateFiles({ stage, files }: Look): readonly string[] {
  const { paths, machine } = stage;
  const wrong: string[] = [];
  const text = (path: string): string | undefined => {
    const found = files.read(path);
    return found?.kind === 'text' ? found.text : undefined;
  };
  const check = (path: string, parse: (value: unknown) => unknown): void => {
    const found = text(path);
    if (found !== undefined && parse(JSON.parse(found)) === undefined) wrong.push(`${path} cannot be understood`);
  };
  check(paths.holds, parseHolds);
  check(paths.circuit, parseCircuitView);
  check(paths.healing, parseHealBook);
  for (const path of [paths.owner, paths.purse]) check(path, (value) => value);
  // What a power cut has torn of the ledger lies beside it.
  const mayBeTorn = (file: string): boolean => machine.cuts > 0 && `${paths.state}/${file}`.startsWith(paths.attempts);
  for (const file of files.list(paths.state)) if (file.includes('.broken-') && !mayBeTorn(file)) wrong.push(`${file} was set aside`);
  if (machine.cuts > 0) return wrong;
  for (const dir of [paths.runs, paths.journal, paths.slots]) {
    for (const file of files.list(dir)) {
      if (!file.endsWith('.jsonl')) continue;
      for (const line of (text(`${dir}/${file}`) ?? '').split('\n').slice(0, -1)) if (line !== '') JSON.parse(line);
    }
  }
  return wrong;
}

/** The model has answered, and what it said was of no use or was cut short: no fault of its account. */
const wasPaidFor = (what: string | undefined): boolean => /^(?:schema|spent|budget|max_turns|max_output|refusal|denied|prompt_too_long)$/.test(what ?? '');

/** A breaker opens for a failure of its own, and closes for a proof, or for an operator. */
function circuits({ stage, runs }: Look): readonly string[] {
  const { machine, witness } = stage;
  // A try that was not charged gives its id to the next one.
  const byId = new Map<string, RunRecord[]>();
  for (const run of runs) byId.set(run.run_id, [...(byId.get(run.run_id) ?? []), run]);
  const wrong: string[] = [];
  const open = new Map<string, number>();
  /** An agent has mended it, and has its breaker reset. */
  const mended = new Set<string>();
  for (const { stage: what, key, run_id, ts, open_until, because, cadence, attempt, source } of machine.events) {
    if (what === 'fix_applied' && source === 'agent') mended.add(`cadence:${cadence}`);
    const ends = (run_id === undefined ? undefined : byId.get(run_id)) ?? [];
    const isKnown = ends.length > 0 && machine.cuts === 0;
    const statuses = ends.map(({ status }) => status).join(', ');
    if (what === 'circuit_opened' && typeof key === 'string') {
      // A probe that proved nothing opens it again, whoever is to blame.
      const isBlamed = !isKnown || ends.some(({ status }) => status !== 'succeeded');
      // Who mends may say that it is to be held.
      const isTold = witness.ordered || / says abort\b/.test(String(because ?? ''));
      if (run_id === undefined ? !isTold : !isBlamed) wrong.push(`${key} opened for ${run_id ?? 'nobody'} (${statuses})`);
      if (typeof open_until === 'string') open.set(key, Date.parse(open_until));
    } else if (what === 'circuit_closed' && typeof key === 'string') {
      const isAccount = /^(?:account|provider):/.test(key);
      const isProof = ends.some(
        ({ status, blame, class: what }) => status === 'succeeded' || (isAccount && (status === 'unverified' || blame === 'cadence' || wasPaidFor(what))),
      );
      if (run_id === undefined ? !witness.ordered && !mended.has(key) : isKnown && !isProof) wrong.push(`${key} closed by ${run_id ?? 'nobody'} (${statuses})`);
      open.delete(key);
    } else if (what === 'circuit_half_open' && typeof key === 'string') open.delete(key);
    else if (what === 'claimed' && cadence !== undefined && attempt !== undefined) {
      const untilMs = open.get(`cadence:${cadence}`) ?? 0;
      if (!witness.ordered && witness.untouchedMs === 0 && Date.parse(ts) < untilMs)
        wrong.push(`${cadence} ran at ${ts}, and was held until ${new Date(untilMs).toISOString()}`);
    }
  }
  return wrong;
}

/** Delivered once, unless somebody died between the delivery and the line that says so. */
function notices({ stage }: Look): readonly string[] {
  const { machine } = stage;
  const taken = new Map<string, number>();
  for (const { key, isTaken } of machine.posted) if (isTaken) taken.set(key, (taken.get(key) ?? 0) + 1);
  const doubled = [...taken.values()].reduce((sum, times) => sum + times - 1, 0);
  return doubled <= machine.deaths + machine.excuses ? [] : [`${doubled} notices were delivered again, with ${machine.deaths} deaths`];
}

/** With a slot to come somebody looks at the clock once a minute; else whoever waits for something looks now and then. */
function isWatchingTime(stage: Stage): boolean {
  return stage.machine.life?.owner?.parts.definitions.all().some(({ cadence }) => cadence?.schedule !== undefined) === true;
}

/** An owner is there, has been for a while, and its disk is well. */
function isAtWork({ stage }: Look): boolean {
  const { machine, witness } = stage;
  const { life, trouble, turns } = machine;
  const isWell =
    trouble.kind === 'well' &&
    trouble.refuseAfter === undefined &&
    turns.awakeMs() - witness.wellMs > 15_000 &&
    turns.awakeMs() - witness.refusedMs > 15_000 &&
    turns.awakeMs() - witness.steadyMs > (isWatchingTime(stage) ? 61_000 : 301_000);
  return life?.owner !== undefined && !life.isFrozen && !life.isPartial && isWell && machine.doom.diesAfter === undefined;
}

/** What may run now runs: nothing waits without a reason, whatever else is held. */
function idleTicks({ stage, files }: Look): readonly string[] {
  const { machine, paths, witness } = stage;
  const parts = machine.life?.owner?.parts;
  if (parts === undefined || parts.health.fault() !== undefined) return [];
  const wrong: string[] = [];
  const names = [...files.list(paths.inbox), ...files.list(paths.waiting)].flatMap((file) => parseTickName(file) ?? []);
  for (const name of names) {
    // What was not flushed may be torn, and is not a tick before it has been still for a while.
    if (witness.dropped.has(name.id)) continue;
    const definition = parts.definitions.get(name.cadence);
    if (parts.queue.find(name.id) === undefined) wrong.push(`${name.id} of ${name.cadence} lies there, and the queue does not know it`);
    const head = parts.queue.head(name.cadence)?.name;
    if (definition === undefined || head === undefined || head.id !== name.id) continue;
    const verdict = parts.gatekeeper.verdict(head, definition);
    if (verdict.kind === 'run') wrong.push(`${name.id} of ${name.cadence} may run, and does not${isForcedName(name) ? ' (forced)' : ''}`);
  }
  return wrong;
}

/**
 * `circuit-open.json` tells the truth of now. Where nothing is scheduled and nothing waits, nobody wakes up for a clock that is set
 * back: an opening that was over is said to be so until somebody asks for something.
 */
function circuitFile({ stage, files }: Look): readonly string[] {
  const parts = stage.machine.life?.owner?.parts;
  if (parts === undefined) return [];
  const found = files.read(stage.paths.circuit);
  const shown = found?.kind === 'text' ? { ...JSON.parse(found.text), generated: '' } : undefined;
  const view = circuitView(parts.book.holds(), stage.machine.nowMs());
  const truth = view === undefined ? undefined : { ...view, generated: '' };
  const isOld = stage.witness.isSetBack && !isWatchingTime(stage);
  const told = (of: unknown): string => (isOld ? JSON.stringify(of ?? '').replaceAll('"half_open"', '"open"') : JSON.stringify(of ?? ''));
  return told(shown) === told(truth) ? [] : [`circuit-open.json says ${JSON.stringify(shown)}, and ${JSON.stringify(truth)} is true`];
}

/** Three failures in a row open a circuit, and it is not left by time alone. */
function broken({ stage, runs }: Look): readonly string[] {
  const { machine, witness } = stage;
  const parts = machine.life?.owner?.parts;
  if (parts === undefined || witness.ordered) return [];
  const wrong: string[] = [];
  for (const cadence of ['broken', 'flaky', 'hopeless']) {
    const own = runs.filter((run) => run.cadence === cadence && run.started_at !== null);
    const proof = own.findIndex(({ status }) => status === 'succeeded');
    const inRow = (proof === -1 ? own : own.slice(0, proof)).filter(({ blame }) => blame === 'cadence').length;
    const { state } = breakerOf(parts.book.holds(), `cadence:${cadence}`);
    const isOpen = state === 'open' || state === 'half_open' || state === 'isolated';
    if (inRow >= 4 && !isOpen) wrong.push(`${cadence} failed ${inRow} times in a row, and its breaker is ${state}`);
    if (inRow === 0 && isOpen) wrong.push(`${cadence} did not fail since it proved itself, and its breaker is ${state}`);
  }
  return wrong;
}
