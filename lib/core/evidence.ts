import type { Outcome } from './outcome.ts';

/**
 * What speaks for a run beyond its exit code. A run that ended well is asked for evidence where its cadence says so:
 *
 *     proven      → succeeded
 *     not proven  → failed, class `verify`; where the evidence is not required: unverified
 *     unknown     → unverified: it ended well, and nobody can say more. Repeating it would do the work twice.
 */
export interface Evidence {
  readonly kind: 'command' | 'newer' | 'schema';
  readonly outcome: 'proven' | 'not_proven' | 'unknown';
  /** What was found, in words. */
  readonly because: string;
}

/** The class of a failure that only its evidence tells. */
export const VERIFY_CLASS = 'verify';

export function withEvidence(outcome: Extract<Outcome, { kind: 'ok' }>, { outcome: found, because }: Evidence, isRequired: boolean): Outcome {
  switch (found) {
    case 'proven':
      return outcome;
    case 'unknown':
      return { kind: 'unverified', summary: outcome.summary, reason: `it ended well, and whether it did its work could not be checked: ${because}` };
    case 'not_proven':
      if (isRequired) return { kind: 'fail', blame: 'cadence', class: VERIFY_CLASS, reason: `it ended well, but did not do its work: ${because}` };
      return { kind: 'unverified', summary: outcome.summary, reason: `it ended well, and its evidence, which is not required, is missing: ${because}` };
  }
}
