import type { Paths } from '../../lib/core/paths.ts';
import { parseTickName } from '../../lib/core/tick.ts';
import { SCHEDULED } from './cast.ts';
import type { Witness } from './stage.ts';
import type { HandsStep } from './story.ts';
import type { Machine } from './world/machine.ts';

export interface HandsDeps {
  readonly machine: Machine;
  readonly paths: Paths;
  readonly witness: Witness;
}

const STOPS_WITHIN_MS = 20_000;

/** What people and timers do beside the bus: with `mv`, `rm` and `start --takeover`, with `run` where nobody owns the root, with `bin/enqueue --once`. */
export function createHands({ machine, paths, witness }: HandsDeps): (step: HandsStep) => Promise<void> {
  const { disk, turns, trouble } = machine;
  const isRefused = (): boolean => trouble.kind !== 'well' && trouble.kind !== 'low';

  /** In place, as the shell writes it, and in the page cache. */
  function hint(cadence: string): void {
    const path = `${paths.inbox}/${cadence}.json`;
    if (isRefused() || disk.find(paths.inbox) === undefined || disk.find(path) !== undefined) return;
    // The slot that it stands for has a tick of its own, which is flushed.
    if (!SCHEDULED.includes(cadence)) witness.hinted.add(cadence);
    disk.put(disk.create(path), 0, Buffer.from(`{"cadence":"${cadence}","source":"timer"}\n`));
    disk.onChange(path);
  }

  function nth(dir: string, at: number, isMeant: (file: string) => boolean): string | undefined {
    const files = disk.names(dir).filter(isMeant).toSorted();
    return files[at % Math.max(1, files.length)];
  }

  function revive(at: number): void {
    const file = nth(paths.dlq, at, (name) => name.endsWith('.json'));
    if (file === undefined || isRefused()) return;
    witness.revived.add(file.split('.')[2] ?? '');
    disk.rename(`${paths.dlq}/${file}`, `${paths.inbox}/${file}`);
  }

  /** Whoever removes a tick wants no more of it. */
  function remove(dir: string, at: number): void {
    const idOf = (file: string): string => parseTickName(file)?.id ?? '';
    const file = nth(dir, at, (name) => witness.acked.has(idOf(name)));
    if (file === undefined || isRefused()) return;
    witness.acked.delete(idOf(file));
    witness.dropped.add(idOf(file));
    // Who asks for its key after that asks anew, and its tries are counted from the first.
    witness.revived.add(idOf(file));
    disk.remove(`${dir}/${file}`);
  }

  async function stopOwner(): Promise<void> {
    if (machine.life?.owner === undefined) return;
    void machine.life.owner.stop('a story');
    await machine.pass(STOPS_WITHIN_MS);
  }

  /** Where nobody owns the root, whoever runs one cadence or gives an order is the owner meanwhile. */
  async function ownShortly(only: string | undefined, ms: number): Promise<void> {
    await stopOwner();
    if (machine.life !== undefined) return;
    const life = machine.start(only === undefined ? { ordersOnly: true } : { only });
    await machine.pass(ms);
    if (!life.isDead) await stopOwner();
    if (!life.isDead) machine.die(false);
    if (machine.life === undefined) machine.start();
    witness.steadyMs = turns.awakeMs();
  }

  return async (step) => {
    switch (step.do) {
      case 'hint':
        return hint(step.cadence);
      case 'revive':
        return revive(step.at);
      case 'remove':
        return remove(step.from === 'inbox' ? paths.inbox : paths.waiting, step.at);
      case 'own shortly':
        return ownShortly(step.only, step.ms);
      case 'take over':
        machine.die(false);
        machine.start();
        return;
    }
  };
}
