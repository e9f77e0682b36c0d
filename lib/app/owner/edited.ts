import type { DefinitionChange } from '../../config/definitions.ts';
import { breakerOf, cadenceKey, holdsReset } from '../../core/holds.ts';
import type { Clock, Definitions, Journal, Queue } from '../../ports.ts';
import type { HoldsBook } from '../../services/holds-book.ts';
import { isDiskFault } from '../../services/storage-health.ts';

export interface EditedDeps {
  readonly clock: Clock;
  readonly definitions: Definitions;
  readonly queue: Queue;
  readonly journal: Journal;
  readonly book: HoldsBook;
  readonly onFault: (error: unknown) => void;
}

/**
 * Whoever edits or enables a cadence says "try again now": its failures are forgotten, and what waits for another try is
 * due. What an operator holds open stays so. A definition that is right again because a missing file came back says what it
 * said before, and is no edit: a disk that comes and goes must not wash a breaker away.
 */
export function createForgiveness({ clock, definitions, queue, journal, book, onFault }: EditedDeps): (change: DefinitionChange) => void {
  const meaning = (name: string): string => JSON.stringify(definitions.get(name)?.cadence);
  const known = new Map(definitions.all().map(({ name }) => [name, meaning(name)]));

  return ({ kind, name, path }) => {
    const now = meaning(name);
    const isEdit = kind === 'changed' || (kind === 'healed' && known.get(name) !== now);
    known.set(name, now);
    const { state, failures } = breakerOf(book.holds(), cadenceKey(name));
    if (!isEdit || state === 'isolated' || (state === 'closed' && failures === 0)) return;
    book.change(holdsReset(book.holds(), cadenceKey(name), clock.nowMs()));
    journal.emit({ level: 'info', stage: 'breaker_reset', cadence: name, path, because: 'its definition was edited' });
    queue.hasten(name).catch((error) => {
      // Where the disk refuses, what waits for another try has that try at its own time.
      if (!isDiskFault(error)) onFault(error);
    });
  };
}
