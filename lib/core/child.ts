import type { Ms } from './time/instant.ts';

/** What is handed to a child, and what is known of its end. */
export interface SpawnSpec {
  readonly runId: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  /** The whole environment of the child; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** A file to read from; undefined: nothing (`/dev/null`). */
  readonly stdinPath: string | undefined;
  readonly stdoutPath: string;
  readonly stderrPath: string;
  /** `running/<run_id>/`: the shim writes `pid` and `exit` there, so that both outlive us. */
  readonly runDir: string;
  /** It was made for this child, so no earlier one left anything there. */
  readonly isFresh?: boolean;
}

export interface ChildExit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly spawnError: string | null;
  /** No exit code was kept: the shim was killed too. */
  readonly lost: boolean;
  /** When it ended, where nobody was there to see it. */
  readonly endedMs?: Ms;
}
