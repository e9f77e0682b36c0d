/**
 * One thing that a doctor looks at. `inspect` changes nothing and may throw: then the check has failed with those words.
 */
export interface Check {
  readonly id: string;
  readonly title: string;
  inspect(): Promise<Finding>;
  /** What it would look at is not there, which another check tells: it has no line. */
  isMoot?(): boolean;
  /**
   * Mends what `inspect` found with `mend: FIX`; absent: nothing safe to do. Answers with what was done, '' where nothing was
   * left to do; throws where the system refuses. Run twice it is as run once.
   */
  repair?(): Promise<string>;
  /** The repair writes what the owner writes. There is one writer, so it is done only while we hold the ownership. */
  readonly isOwnersWork?: true;
}

export type Level = 'ok' | 'warn' | 'fail';

export interface Finding {
  readonly level: Level;
  readonly detail: string;
  /** The command that mends it. */
  readonly mend?: string;
}

/** The command that runs the repairs; a finding that names it is one that its check can mend. */
export const FIX = 'cadence-bus doctor --fix';

export const ok = (detail: string): Finding => ({ level: 'ok', detail });
export const warn = (detail: string, mend: string): Finding => ({ level: 'warn', detail, mend });
export const fail = (detail: string, mend: string): Finding => ({ level: 'fail', detail, mend });
