import { formatProblem } from '../../core/text/problem-text.ts';
import { createLocalDays } from '../../core/time/local-day.ts';
import { createDoc } from '../../doc.ts';
import { createPurse, type Purse } from '../../services/purse.ts';
import { createPurseShow } from '../../services/purse-show.ts';
import type { StorageHealth } from '../../services/storage-health.ts';
import { parsePurse } from '../../wire/state.ts';
import type { Storage } from '../storage.ts';

export function composePurse(storage: Storage, health: StorageHealth): Purse {
  const { clock, files, paths, runLog, journal, definitions, machine } = storage;
  const { zone } = machine;
  const onBroken = (path: string): void => journal.emit({ level: 'error', stage: 'state_broken', path, because: 'it could not be read and was set aside' });
  const view = createDoc({ files, clock, path: paths.purse, parse: parsePurse, onBroken });
  const show = createPurseShow({ clock, zone, journal, health, view });
  const unsettled = (): string | undefined => {
    const fault = definitions.unsettled();
    return fault && formatProblem(fault);
  };
  return createPurse({ clock, days: createLocalDays(zone), runLog, definitions, unsettled, show });
}
