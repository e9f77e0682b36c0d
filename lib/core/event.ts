/** What the journal holds: one line an event, and what tests and followers wait for. Names on disk, so snake_case. */
export interface BusEvent {
  readonly ts: string;
  readonly level: 'info' | 'warn' | 'error';
  readonly stage: Stage;
  readonly cadence?: string;
  readonly tick?: string;
  readonly run_id?: string;
  readonly [detail: string]: unknown;
}

export type Stage =
  | 'owner_started'
  | 'owner_stopped'
  | 'owner_refused'
  | 'listener_failed'
  | 'adopted'
  | 'claimed'
  | 'coalesced'
  | 'skipped'
  | 'subsession_spawn'
  | 'subsession_adopted'
  | 'subsession_failed'
  | 'run_finished'
  | 'output'
  | 'notice'
  | 'chat_refused'
  | 'notice_delivered'
  | 'notice_failed'
  | 'notice_dead'
  | 'incident'
  | 'care_failed'
  | 'fix_begun'
  | 'fix_applied'
  | 'fix_ended'
  | 'human_asked'
  | 'retry_scheduled'
  | 'deferred'
  | 'dead_lettered'
  | 'settle_lost'
  | 'order'
  | 'circuit_opened'
  | 'circuit_half_open'
  | 'circuit_closed'
  | 'account_changed'
  | 'breaker_reset'
  | 'budget_held'
  | 'budget_freed'
  | 'halted'
  | 'resumed'
  | 'paused'
  | 'storage_failed'
  | 'storage_healed'
  | 'config_broken'
  | 'config_healed'
  | 'config_changed'
  | 'state_broken'
  | 'foreign_left'
  | 'slot_fired'
  | 'slot_ended'
  | 'slept'
  | 'clock_jumped'
  | 'zone_changed'
  | 'heartbeat'
  | 'timer_late'
  | 'timer_on_time'
  | 'upkeep'
  | 'vault';
