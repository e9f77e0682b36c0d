import type { RunRecord } from '../run.ts';
import type { Ms } from '../time/instant.ts';
import type { CareCase } from './care.ts';
import type { Finding } from './finding.ts';
import type { Incident } from './incident.ts';

/** Evidence of failures, one folder a bug (`incidents/<id>/`). One writer, the owner. Throws `CadenceError('io')` where the disk refuses; do it again then. */
export interface Incidents {
  /** The folder is complete and on disk when it resolves. The same run again answers as the first time, with `isRepeat`. */
  record(run: RunRecord): Promise<CareCase>;
  /** The same for what is wrong without a run that failed. undefined: this very slot is on file. */
  find(finding: Finding): Promise<CareCase | undefined>;
  /** What was found wrong with the timer of a cadence is well again. */
  heal(cadence: string, detector: string, at: string): readonly CareCase[];
  /** What this proof resolves, or has resolved: on disk when it resolves. */
  prove(run: RunRecord): Promise<readonly CareCase[]>;
  /** All that is not resolved, oldest first. */
  open(): readonly Incident[];
  /** What is open, or was resolved since then. */
  since(sinceMs: Ms): readonly Incident[];
  get(id: string): Incident | undefined;
  /** On disk when it returns. undefined: there is none. */
  update(id: string, change: (incident: Incident) => Incident): Incident | undefined;
  /** Removes what need not be kept; answers with how many. */
  forget(keptMs: Ms, isDefined: (cadence: string) => boolean): number;
  /** The folder of an incident, absolute. */
  dirOf(id: string): string;
}

/** What is tried for an incident. Everything may be asked twice: after a death it is asked again, with `isRepeat`. */
export interface Ladder {
  /** Decides which rung acts and sets it off; resolves when that is on disk. Long work is a run of its own, never awaited here. */
  climb(care: CareCase): Promise<void>;
}

/** Who is told of an incident. Everything may be asked twice. */
export interface Announcer {
  /** Puts notices into the outbox where somebody should know; resolves when they are on disk. */
  tell(care: CareCase): Promise<void>;
}
