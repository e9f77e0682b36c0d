import { createDesk, type Desk } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { childrenOf } from '../support/owner-cli.ts';

/** Says a word, waits to be let go, says another. */
export const WAITS = 'echo begun; while [ ! -e "$CADENCE_ROOT/go" ]; do sleep 0.05; done; echo ended; echo aside >&2';

/** Cadences that end well, ill, late, and at the second try. */
export function createFloor(): Desk {
  const desk = createDesk();
  desk.shell('well', 'echo done');
  desk.shell('slow', WAITS);
  desk.shell('ill', 'echo "no such table" >&2; exit 3', 'retry: { attempts: 2, delays: [0s], jitter: 0 }', 'breaker: { failures: 9 }');
  desk.shell('flaky', 'test "$CADENCE_ATTEMPT" -ge 2 || exit 1; echo "try $CADENCE_ATTEMPT"', 'retry: { attempts: 3, delays: [0s], jitter: 0 }');
  return desk;
}

export const hasBegun = (desk: Desk): Promise<unknown> => eventually('the child has begun', () => childrenOf(desk.root).length > 0);
