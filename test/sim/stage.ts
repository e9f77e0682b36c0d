import { type Paths, pathsOf } from '../../lib/core/paths.ts';
import { CONTROL_CADENCE, FORCED_DUE_MS, formatTickName } from '../../lib/core/tick.ts';
import { toIso } from '../../lib/core/time/instant.ts';
import { BUS_YAML, behave, behaveInline, cadencesOf, fileOf, HANDLER } from './cast.ts';
import { createHands } from './hands.ts';
import type { BatchLine, Step } from './story.ts';
import { behaveLasting, LASTING, type Lasting } from './wide-cast.ts';
import { createChance } from './world/chance.ts';
import type { SimChild } from './world/children.ts';
import { createMachine, type HandlerCall, type Machine } from './world/machine.ts';

/** What the simulation knows of a story beside what the product says. */
export interface Witness {
  /** Ticks whose `enqueue` returned: none of them may be lost. */
  readonly acked: Set<string>;
  /** Put without a flush: a power cut may take them. */
  readonly dropped: Set<string>;
  /** Cadences without a schedule that a timer asked for: its tick has no id before it is taken in, and lies in the page cache. */
  readonly hinted: Set<string>;
  /** Ticks that may begin anew: dead ones that were moved back, keyed ones that a hand removed and somebody asked for again. */
  readonly revived: Set<string>;
  /** By keyed id: the ids under which the same was asked for. */
  readonly names: Map<string, readonly string[]>;
  /** By folder of a run: what was started there. */
  readonly starts: Map<string, { readonly child: SimChild; readonly cuts: number; readonly refusals: number }[]>;
  /** By run: inline runs that began, and whether their try is charged. */
  readonly inline: Map<string, { readonly cuts: number; readonly refusals: number; isUncharged: boolean }>;
  /** What went wrong in the very instant of a start. */
  readonly wrongs: string[];
  /** Since when an operator, an editor or a clock has not touched the holds. */
  untouchedMs: number;
  ordered: boolean;
  isCalm: boolean;
  /** When the disk was last made well, and the clock last did not go on as it should. */
  wellMs: number;
  /** When it was last seen to have refused something. */
  refusedMs: number;
  steadyMs: number;
  /** The clock was set back at some time. */
  isSetBack: boolean;
}

export interface Stage {
  readonly machine: Machine;
  readonly paths: Paths;
  readonly witness: Witness;
  readonly cadences: Readonly<Record<string, string>>;
  play(step: Step): Promise<void>;
}

const START_MS = Date.UTC(2026, 10, 20, 6, 50);

export function createStage(seed: number, isWide: boolean): Stage {
  const witness: Witness = {
    ...{ acked: new Set(), dropped: new Set(), hinted: new Set(), revived: new Set(), names: new Map(), starts: new Map(), inline: new Map(), wrongs: [] },
    ...{ untouchedMs: 0, ordered: false, isCalm: false, wellMs: 0, refusedMs: 0, steadyMs: 0, isSetBack: false },
  };
  const machine = createMachine({
    seed: String(seed),
    startMs: START_MS,
    behave: (spec, part, chance) => behave(spec, part, chance, witness.isCalm),
    onStart: (child) => seeStart(machine, witness, child),
    handle: (cadence, call) => seeInline(machine, witness, cadence, call, seed),
    askFor: (cadence) => dropTick(machine.ids.fresh(), cadence, 'synced', {}),
  });
  const paths = pathsOf(machine.root);
  const { disk, turns, trouble, doom } = machine;
  const cadences = cadencesOf(isWide);
  const playByHand = createHands({ machine, paths, witness });

  function put(path: string, text: string, isSynced: boolean, mode?: number): void {
    disk.makeDir(path.slice(0, path.lastIndexOf('/')));
    const draft = `${paths.tmp}/draft-${path.slice(path.lastIndexOf('/') + 1)}`;
    disk.makeDir(paths.tmp);
    const node = disk.create(draft, mode);
    disk.put(node, 0, Buffer.from(text));
    if (isSynced) disk.flushFile(node);
    disk.rename(draft, path);
    if (isSynced) disk.flushDir(path.slice(0, path.lastIndexOf('/')));
  }

  const isRefused = (): boolean => trouble.kind !== 'well' && trouble.kind !== 'low';

  function dropTick(id: string, cadence: string, how: 'synced' | 'dropped' | 'foreign', more: Readonly<Record<string, unknown>>): void {
    if (isRefused()) return;
    const nowMs = machine.nowMs();
    const { inMs, expiresMs, key, payload, force } = more as { inMs?: number; expiresMs?: number; key?: string; payload?: unknown; force?: boolean };
    const dueMs = force === true ? FORCED_DUE_MS : nowMs + (inMs ?? 0);
    const tickId = key === undefined ? id : machine.ids.keyed('key', cadence, key);
    const tick = {
      ...{ cadence, source: 'story', enqueued_at: toIso(nowMs) },
      ...(key === undefined ? {} : { key }),
      ...(payload === undefined ? {} : { payload }),
      ...(force === true ? { force } : {}),
      ...(expiresMs === undefined ? {} : { expires_at: toIso(nowMs + expiresMs) }),
      ...(how === 'foreign' ? { id, due_at: toIso(dueMs) } : {}),
    };
    const file = how === 'foreign' ? `${id}-by-hand.json` : formatTickName({ dueMs, cadence, id: tickId, attempts: 0 });
    if (disk.find(`${paths.inbox}/${file}`) !== undefined) return;
    witness.names.set(tickId, [...(witness.names.get(tickId) ?? []), id]);
    if (how === 'dropped') witness.dropped.add(tickId);
    put(`${paths.inbox}/${file}`, `${JSON.stringify(tick)}\n`, how !== 'dropped');
    if (how !== 'dropped') witness.acked.add(tickId);
  }

  function edit(cadence: string, to: Extract<Step, { do: 'edit' }>['to']): void {
    const file = fileOf(cadence);
    const path = `${paths.cadences}/${file}`;
    const whole = cadences[file] as string;
    witness.untouchedMs = machine.nowMs();
    witness.ordered = true;
    if (to === 'gone') disk.remove(path);
    else if (to === 'broken') put(path, 'run: { command: [\n', true);
    else if (to === 'whole') put(path, whole, true);
    else {
      const key = to === 'disabled' ? 'enabled: false\n' : 'description: another one\n';
      put(path, whole.startsWith('---\n') ? `---\n${key}${whole.slice(4)}` : `${key}${whole}`, true);
    }
  }

  function die(isCut: boolean, downMs: number): void {
    machine.die(isCut);
    turns.after(downMs, undefined, () => void (machine.life === undefined && machine.start()));
  }

  function healAfter(ms: number): void {
    turns.after(ms, undefined, () => {
      trouble.kind = 'well';
      witness.wellMs = turns.awakeMs();
    });
  }

  async function stop(downMs: number): Promise<void> {
    const { life } = machine;
    if (life?.owner === undefined) return;
    void life.owner.stop('a story');
    await machine.pass(20_000);
    turns.after(downMs, undefined, () => void (machine.life === undefined && machine.start()));
  }

  function refuseSecond(): Promise<void> {
    const held = machine.life;
    if (held === undefined) return turns.settle().then(() => undefined);
    const second = machine.start();
    return turns.settle().then(() => {
      if (!held.isDead && second.end?.startsWith('held:') !== true && !isRefused()) witness.wrongs.push(`a second owner ended with ${second.end}`);
    });
  }

  function putLines(id: string, lines: readonly BatchLine[]): void {
    if (isRefused()) return;
    const texts = lines.map(({ cadence, id: own, key, inMs = 0, isBad }) => {
      if (isBad === true) return `{"cadence":"${cadence}","id":\n`;
      const words = { cadence, id: own, source: 'lines', due_at: toIso(machine.nowMs() + inMs), ...(key === undefined ? {} : { key }) };
      return `${JSON.stringify(words)}\n`;
    });
    put(`${paths.inbox}/${id}.ndjson`, texts.join(''), true);
    for (const { cadence, id: own, key, isBad } of lines) {
      if (isBad === true) continue;
      const tickId = key === undefined ? own : machine.ids.keyed('key', cadence, key);
      witness.names.set(tickId, [...(witness.names.get(tickId) ?? []), own]);
      witness.acked.add(tickId);
    }
  }

  async function play(step: Step): Promise<void> {
    switch (step.do) {
      case 'enqueue':
        dropTick(step.id, step.cadence, step.how, step.more);
        return;
      case 'batch': {
        if (isRefused()) return;
        const lines = step.ticks.map(
          (tick) => `${JSON.stringify({ ...tick, due_at: toIso(machine.nowMs()), source: 'batch', enqueued_at: toIso(machine.nowMs()) })}\n`,
        );
        put(`${paths.inbox}/${step.id}.ndjson`, lines.join(''), true);
        for (const { id } of step.ticks) witness.acked.add(id);
        return;
      }
      case 'lines':
        return putLines(step.id, step.lines);
      case 'garbage':
        return put(`${paths.inbox}/${step.file}`, step.text, false);
      case 'pass':
        return machine.pass(step.ms);
      case 'sleep':
        machine.sleep(step.ms);
        witness.steadyMs = turns.awakeMs();
        return;
      case 'jump':
        machine.jump(step.ms);
        witness.isSetBack ||= step.ms < 0;
        witness.steadyMs = turns.awakeMs();
        witness.untouchedMs = machine.nowMs();
        return;
      case 'die':
        if (step.after === 0) return die(step.isCut, step.downMs);
        doom.diesAfter = step.after;
        doom.onDeath = () => die(step.isCut, step.downMs);
        return;
      case 'stop':
        return stop(step.downMs);
      case 'freeze': {
        const { life } = machine;
        if (life === undefined) return;
        life.isFrozen = true;
        turns.after(step.ms, undefined, () => {
          life.isFrozen = false;
        });
        return;
      }
      case 'second owner':
        return refuseSecond();
      case 'disk':
        trouble.kind = step.kind;
        return healAfter(step.ms);
      case 'refuse':
        trouble.refuseAfter = step.after;
        trouble.errno = step.errno;
        return;
      case 'edit':
        return edit(step.cadence, step.to);
      case 'order':
        witness.untouchedMs = machine.nowMs();
        witness.ordered = true;
        return dropTick(step.id, CONTROL_CADENCE, 'synced', { payload: step.payload });
      case 'halt':
        if (step.is) put(paths.halt, 'a story\n', true);
        else disk.remove(paths.halt);
        return;
      case 'sink':
        machine.sink = step.is;
        return;
      default:
        return playByHand(step);
    }
  }

  for (const handler of isWide ? [HANDLER, LASTING] : [HANDLER]) put(handler, '', true);
  for (const [file, text] of Object.entries(cadences)) put(`${paths.cadences}/${file}`, text, true);
  put(`${paths.cadences}/bus.yaml`, BUS_YAML, true);
  put(`${machine.root}/bin/claude`, '', true, 0o755);
  return { machine, paths, witness, cadences, play };
}

/** The same of a run that has no child. */
function seeInline(machine: Machine, witness: Witness, cadence: string, call: HandlerCall, seed: number): unknown {
  const { refusals } = machine.trouble;
  const { runId } = call;
  const last = witness.inline.get(runId);
  if (last !== undefined && !last.isUncharged && last.cuts === machine.cuts && last.refusals === refusals && !isRevived(witness, runId))
    witness.wrongs.push(`${runId} of ${cadence} was run again without a reason`);
  const chance = createChance(`inline ${runId} ${witness.inline.size}`, seed);
  const answer = behaveInline(cadence, chance, witness.isCalm);
  const seen = { cuts: machine.cuts, refusals, isUncharged: (answer as { kind?: string }).kind === 'defer' };
  witness.inline.set(runId, seen);
  return cadence === 'lasting' ? takeTime(machine, call, seen, answer, behaveLasting(chance, witness.isCalm)) : answer;
}

/** It answers after a while, unless it is asked to end: then the next try may have its id. */
function takeTime(machine: Machine, { life, signal, enqueue }: HandlerCall, seen: { isUncharged: boolean }, answer: unknown, how: Lasting): Promise<unknown> {
  return new Promise((resolve) => {
    machine.turns.after(how.lastsMs, life, () => resolve(how.asksFor === undefined || signal.aborted ? answer : enqueue(how.asksFor).then(() => answer)));
    signal.addEventListener('abort', () => {
      seen.isUncharged = true;
      if (how.isHeeding) resolve('it ends');
    });
  });
}

const isRevived = (witness: Witness, runId: string): boolean => witness.revived.has(runId.slice(0, runId.lastIndexOf('-')));

/** A run begins: is it the only one, and has this try of it not been made before? */
function seeStart(machine: Machine, witness: Witness, child: SimChild): void {
  const before = witness.starts.get(child.runDir) ?? [];
  witness.starts.set(child.runDir, [...before, { child, cuts: machine.cuts, refusals: machine.trouble.refusals }]);
  const last = before.at(-1);
  if (last === undefined) return;
  const { isAlive, isStopped } = last.child;
  // A guard that ended well asks again where the run after it was stopped, or was not charged: the try is begun anew.
  const since = machine.children.all.slice(machine.children.all.indexOf(last.child)).filter((one) => one.runId === child.runId && one !== child);
  const isUncharged = since.some((one) => one.behaviour.isUncharged === true || one.behaviour.spawnError !== undefined || one.isStopped);
  const isExcused = isUncharged || isRevived(witness, child.runId) || last.cuts < machine.cuts || last.refusals < machine.trouble.refusals;
  if (!isExcused) witness.wrongs.push(`${child.runDir.split('/').at(-1)} of ${child.cadence} was started again without a reason`);
  if (isAlive && !isStopped) witness.wrongs.push(`${child.runId} runs twice at once`);
}
