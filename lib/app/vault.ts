import { inSlices } from '../bus/slices.ts';
import { createRedaction, redactWords } from '../core/text/redaction.ts';
import { MOST_DEAD, newestIncidents, referredRuns, type VaultSource } from '../core/vault/source.ts';
import { renderVault } from '../core/vault/vault.ts';
import { recordsBackward } from '../history/records.ts';
import { type VaultChange, writeVault } from '../incidents/vault-folder.ts';
import { createClock } from '../platform/clock.ts';
import { createFiles } from '../platform/files.ts';
import type { Clock, Files } from '../ports.ts';
import { listDeadEnd } from './answers/dead-ticks.ts';
import { attemptsOnFile, readIncidents } from './answers/incident-reading.ts';
import { readLearned } from './answers/learned.ts';
import { readDefined } from './definitions/defined.ts';
import { createReading, type Reading } from './reading.ts';

export interface VaultView extends VaultChange {
  readonly path: string;
  /** How many notes there are. */
  readonly notes: number;
  /** What has no note, for it is older than those that have one. */
  readonly left_out: { readonly incidents: number; readonly dead: number };
}

export interface VaultDeps {
  readonly files: Files;
  readonly clock: Clock;
}

/** Makes the notes anew from the files of the bus: what has changed is written, what stands for nothing any more is removed. */
export async function makeVault(
  root: string,
  isDry: boolean,
  { files, clock }: VaultDeps = { files: createFiles(), clock: createClock() },
): Promise<VaultView> {
  const breathe = inSlices(clock);
  const reading = createReading(root, files);
  const source = await readSource(root, reading, breathe);
  const dir = reading.paths.vault;
  const change = await writeVault({ files, clock, breathe, dir }, renderVault(source), isDry);
  const notes = change.written.length + change.unchanged;
  return { path: dir, notes, ...change, left_out: { incidents: source.olderIncidents, dead: source.olderDead } };
}

/** Without secrets, by their shapes: whoever makes the notes, and in whatever environment, makes the same. */
const redact = createRedaction([]);
const NO_WORDS: ReadonlySet<string> = new Set(['id', 'incident_id', 'tick', 'run_id', 'run_ids', 'proof_run_id', 'cadence', 'cadences', 'name']);
const MOST_RECORDS = 100_000;

async function readSource(root: string, reading: Reading, breathe: () => Promise<void> | undefined): Promise<VaultSource> {
  const all = readIncidents(reading);
  const incidents = newestIncidents(all);
  const { dead, total } = listDeadEnd(root, MOST_DEAD);
  // One tick may lie there twice, where somebody has copied it by hand.
  const letters = [...new Map(dead.map((letter) => [letter.tick, letter])).values()].toReversed();
  const { definitions } = readDefined(root);
  const clean = <T>(value: T): T => redactWords(value, redact, NO_WORDS);
  return {
    root,
    cadences: definitions.map(({ name, cadence }) => clean({ name, description: cadence?.description ?? '' })),
    incidents: incidents.map(clean),
    olderIncidents: all.length - incidents.length,
    attempts: attemptsOnFile(reading).map(clean),
    learned: readLearned(root, undefined).cadences,
    dead: letters.map(clean),
    olderDead: total - dead.length,
    runs: await readRuns(reading, referredRuns({ incidents, dead: letters }), breathe),
  };
}

/** The newest record of each, and no more of it than is told. */
async function readRuns({ files, paths }: Reading, ids: ReadonlySet<string>, breathe: () => Promise<void> | undefined): Promise<VaultSource['runs']> {
  const runs = new Map<string, VaultSource['runs'] extends ReadonlyMap<string, infer R> ? R : never>();
  if (ids.size === 0) return runs;
  for (const { run } of recordsBackward(files, paths.runs, { enough: MOST_RECORDS })) {
    if (ids.has(run.run_id) && !runs.has(run.run_id)) runs.set(run.run_id, redactWords(run, redact, NO_WORDS));
    if (runs.size === ids.size) break;
    await breathe();
  }
  return runs;
}
