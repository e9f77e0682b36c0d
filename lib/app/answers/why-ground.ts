import { isHealCadence } from '../../core/heal/cadence.ts';
import type { SlotCursor } from '../../core/slot/line.ts';
import type { Ms } from '../../core/time/instant.ts';
import { createSlotReading } from '../../history/slot-ledger.ts';
import { probeOwner } from '../../platform/control.ts';
import { createFiles } from '../../platform/files.ts';
import type { Definition, Files, OwnerState, SlotReading } from '../../ports.ts';
import { askOwnerWords, type OwnerWords } from '../owner/owner-words.ts';
import { createReading, type Reading } from '../reading.ts';
import { nowMs } from '../root.ts';
import { keptByOwner } from './broken.ts';
import type { IncidentView } from './incident-reading.ts';
import { openIncidents } from './open-incidents.ts';

/** What an answer to `why` stands on. It is read once, for it is the same for every cadence, and a backlog or a dlq may be long. */
export interface WhyGround {
  readonly root: string;
  readonly reading: Reading;
  readonly ledger: SlotReading;
  readonly cursors: ReadonlyMap<string, SlotCursor>;
  readonly atMs: Ms;
  readonly owner: OwnerState;
  readonly incidents: readonly IncidentView[];
  /** Its own; also that of a command of `exec`, and of the program's own, which no file of the folder defines. */
  definition(cadence: string): Promise<Definition | undefined>;
  /** What only a living owner knows; asked for when it is needed. */
  words(): Promise<OwnerWords>;
  /** What its owner says that the disk refuses. */
  refused(): Promise<string | undefined>;
  /** Of whose definitions the owner has a good version. */
  kept(): Promise<ReadonlySet<string>>;
}

/** `only`: nobody asks about another cadence. */
export async function readWhyGround(root: string, files: Files = createFiles(), only?: string): Promise<WhyGround> {
  const owner = await probeOwner(root);
  // Before the look: what is fired later than this is not to be found in it.
  const atMs = nowMs();
  const reading = createReading(root, files, { isOfOneMoment: true });
  // In the order of a tick's way: one that moves on meanwhile is met twice rather than never.
  for (const folder of ['inbox', 'waiting', 'claimed'] as const) reading.names(folder);
  const ledger = createSlotReading(reading, { isOfOneMoment: true });
  const words = once(() => askOwnerWords(root));
  const defined = once(() => import('../definitions/defined.ts'));
  // Who mends another is made from the definition of that one.
  const loaded = once(async () => (await defined()).loadDefinitions(root, only !== undefined && isHealCadence(only) ? undefined : only, files));
  return {
    ...{ root, reading, ledger, owner, atMs },
    cursors: ledger.cursors(),
    incidents: await openIncidents(reading),
    definition: async (cadence) => (await defined()).withFault(await loaded(), reading, cadence),
    words,
    refused: async () => (owner.kind === 'answers' ? (await words()).storage : undefined),
    kept: once(() => keptByOwner(reading)),
  };
}

function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () => {
    asked ??= ask();
    return asked;
  };
}
