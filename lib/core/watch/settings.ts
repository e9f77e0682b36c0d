import type { Ms } from '../time/instant.ts';

/** How the watchman goes his rounds (`heartbeat:` in `bus.yaml`). */
export interface HeartbeatSettings {
  /** false: `install` gives it no timer, and nobody expects it to come. */
  readonly enabled: boolean;
  readonly intervalMs: Ms;
  /** After a repair, and after the machine woke, things have so long to come right before anybody is told. */
  readonly wakeDelayMs: Ms;
  /** Who is told from outside that this machine lives; an address, or the variable with it. */
  readonly ping: { readonly url: string } | { readonly env: string } | undefined;
}

/** What an agent may do about a repair that did not help (`self_diagnosis:` in `bus.yaml`). */
export interface SelfDiagnosisSettings {
  readonly enabled: boolean;
  readonly maxUsd: number;
}

export const DEFAULT_HEARTBEAT: HeartbeatSettings = { enabled: true, intervalMs: 60 * 60_000, wakeDelayMs: 30_000, ping: undefined };
export const DEFAULT_SELF_DIAGNOSIS: SelfDiagnosisSettings = { enabled: false, maxUsd: 1 };
