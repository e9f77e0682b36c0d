import type { LiveDefinitions } from '../../config/definitions.ts';
import { isBuiltin } from '../../core/builtin.ts';
import { readMachine } from '../../platform/machine.ts';
import type { Definition } from '../../ports.ts';
import type { Reading } from '../reading.ts';

/**
 * Who has told a cost and has no budget: right as its definition is, an owner lets it wait while nobody knows what may be spent (`services/purse.ts`). It is
 * given the fault of `bus.yaml`, which agents and what has a budget have among their problems already. Commands of `exec` are among them, too.
 */
export function tellersOf(loaded: LiveDefinitions, { history }: Pick<Reading, 'history'>, only?: string): readonly Definition[] {
  const fault = loaded.unsettled();
  if (fault === undefined) return [];
  const { spending } = history.spending(readMachine().zone);
  return [...spending.cadences].flatMap(([name, { costs }]) => {
    const found = costs.length === 0 || isBuiltin(name) || name !== (only ?? name) ? undefined : loaded.get(name);
    return found?.cadence?.enabled === true && found.problems.length === 0 ? [{ ...found, problems: [fault] }] : [];
  });
}
