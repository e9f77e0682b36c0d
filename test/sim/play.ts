import { complaints, type Look, lookAt } from './invariants.ts';
import { restComplaints } from './rest.ts';
import { createStage, type Stage } from './stage.ts';
import type { Step, Story } from './story.ts';

/** How a story went: what does not hold, and after which of its steps; undefined: all is well. */
export interface Failure {
  readonly step: number;
  readonly complaints: readonly string[];
}

const QUIET_MS = 60_000;

export async function play({ seed, isWide = false, steps }: Story, onLook: (look: Look) => void = () => undefined): Promise<Failure | undefined> {
  const stage = createStage(seed, isWide);
  const rejections: unknown[] = [];
  const hear = (reason: unknown): void => void rejections.push(reason);
  process.on('unhandledRejection', hear);
  try {
    stage.machine.start();
    await stage.machine.turns.settle();
    for (const [at, step] of steps.entries()) {
      const wrong = await guarded(stage, () => stage.play(step), onLook);
      if (wrong.length > 0) return { step: at, complaints: wrong };
    }
    const wrong = await guarded(stage, () => rest(stage), onLook);
    const late = wrong.length > 0 ? wrong : [...restComplaints(lookAt(stage, true)), ...rejections.map((reason) => `nobody heard of ${String(reason)}`)];
    return late.length > 0 ? { step: steps.length, complaints: late } : undefined;
  } finally {
    process.off('unhandledRejection', hear);
    stage.machine.die(false);
    // What is left of its owner must not act in the next story.
    await stage.machine.turns.settle();
  }
}

async function guarded(stage: Stage, act: () => Promise<void>, onLook: (look: Look) => void): Promise<readonly string[]> {
  try {
    const { refusals } = stage.machine.trouble;
    await act();
    const look = lookAt(stage, await stage.machine.turns.settle());
    if (stage.machine.trouble.refusals > refusals) stage.witness.refusedMs = stage.machine.turns.awakeMs();
    onLook(look);
    return complaints(look);
  } catch (error) {
    return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
}

/** The world means well from now on, and everything comes to its end. */
async function rest(stage: Stage): Promise<void> {
  const { machine, witness } = stage;
  const { trouble, doom } = machine;
  witness.isCalm = true;
  trouble.kind = 'well';
  trouble.refuseAfter = undefined;
  doom.diesAfter = undefined;
  machine.sink = 'well';
  if (machine.life !== undefined) machine.life.isFrozen = false;
  await stage.play({ do: 'halt', is: false });
  for (const file of Object.keys(stage.cadences)) await stage.play({ do: 'edit', cadence: file.slice(0, file.lastIndexOf('.')), to: 'whole' });
  await machine.pass(QUIET_MS);
  if (machine.life === undefined) machine.start();
  await machine.pass(QUIET_MS);
  await order(stage, 'resumebus111', { order: 'resume', key: 'bus' });
  await order(stage, 'resetall1111', { order: 'reset' });
  for (let hour = 0; hour < 48 && isBusy(stage); hour += 1) {
    await machine.pass(3_600_000);
    if (hour % 6 === 5) await order(stage, `resetall${1000 + hour}`, { order: 'reset' });
  }
  // Between two slots.
  for (let n = 0; n < 60 && isBusy(stage); n += 1) await machine.pass(5000);
}

async function order(stage: Stage, id: string, payload: Extract<Step, { do: 'order' }>['payload']): Promise<void> {
  await stage.play({ do: 'order', id, payload });
  await stage.machine.pass(QUIET_MS);
}

/** Also a child that could not be killed comes to its end. */
function isBusy(stage: Stage): boolean {
  const { reading } = lookAt(stage, true);
  if (stage.machine.children.all.some(({ isAlive }) => isAlive)) return true;
  return (
    reading.names('inbox').length +
      reading.names('waiting').length +
      reading.names('claimed').length +
      reading.foreign().filter((file) => file !== '.hidden').length >
    0
  );
}
