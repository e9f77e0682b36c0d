/**
 * The free question that is asked of an account before a run is risked on it: is there a login at all, and is it another one
 * than that which failed? A dead key looks fit to it, so a fit answer proves nothing: it only lets one run go first.
 */
export interface ProbeAnswer {
  /** `unknown`: it could not be asked, so nothing is held back for it. */
  readonly kind: 'fit' | 'unfit' | 'unknown';
  /** A mark of the login and of what it is made of, without any of it: another one is another login. */
  readonly mark: string;
}

/** What the answer was right after the failure; kept with the hold, for a restart must not take an old login for a new one. */
export interface ProbeBaseline extends ProbeAnswer {
  /** The failure that it belongs to, and as which cadence was asked. */
  readonly run_id: string;
  readonly cadence: string;
  readonly asked_at: string;
}
