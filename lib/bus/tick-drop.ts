import type { Paths } from '../core/paths.ts';
import { formatTickName, type Tick, type TickName } from '../core/tick.ts';
import { toIso } from '../core/time/instant.ts';
import type { Files, Ids, TickDrop } from '../ports.ts';

export interface TickDropDeps {
  readonly files: Pick<Files, 'write'>;
  readonly paths: Pick<Paths, 'inbox'>;
  readonly ids: Pick<Ids, 'fresh'>;
}

/** More lines than these make a batch that others wait for. */
const LINES = 500;

/** One tick is one file; many are a batch, which costs one flush. */
export function createTickDrop({ files, paths, ids }: TickDropDeps): TickDrop {
  return {
    put(ticks) {
      const [first] = ticks;
      if (first !== undefined && ticks.length === 1) {
        files.write(`${paths.inbox}/${formatTickName(first.name)}`, `${JSON.stringify(first.tick)}\n`);
        return;
      }
      for (let from = 0; from < ticks.length; from += LINES) {
        const lines = ticks.slice(from, from + LINES).map(lineOf);
        files.write(`${paths.inbox}/${ids.fresh()}.ndjson`, `${lines.join('\n')}\n`);
      }
    },
  };
}

function lineOf({ name, tick }: { readonly name: TickName; readonly tick: Tick }): string {
  return JSON.stringify({ id: name.id, due_at: toIso(name.dueMs), ...tick });
}
