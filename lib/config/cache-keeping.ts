import { SETTINGS_FILE } from '../core/paths.ts';
import { isCadenceName } from '../core/tick.ts';
import type { AgentDefaults } from './agent-builder.ts';
import type { DefinitionCache, Kept, KeptCadence } from './definition-cache.ts';
import type { Entry } from './definition-entry.ts';

/** When it is worth writing down what was read. */
export interface CacheKeeping {
  keep(entries: ReadonlyMap<string, Entry>, agents: AgentDefaults): void;
}

/** One edit among ten thousand definitions is read again by whoever asks; to write all of them takes longer. */
const ENOUGH = 0.02;

export function createCacheKeeping(cache: DefinitionCache, kept: Kept): CacheKeeping {
  let known = printsOf(kept);
  return {
    keep(entries, agents) {
      const settings = entries.get(SETTINGS_FILE);
      // Definitions depend on bus.yaml: where it cannot be kept, nothing can.
      if (settings !== undefined && !isKeepable(settings)) return;
      const cadences = [...entries].filter(([name, entry]) => isCadenceName(name) && isKeepable(entry) && entry.agents === agents);
      const names = [...cadences.map(([name]) => name), ...(settings === undefined ? [] : [SETTINGS_FILE])];
      const news = names.filter((name) => known.get(name) !== entries.get(name)?.seen.print).length + Math.max(0, known.size - names.length);
      if (news === 0 || news < ENOUGH * names.length) return;
      const next = { ...settingsOf(settings), cadences: Object.fromEntries(cadences.flatMap(([name, entry]) => keptOf(name, entry))) };
      cache.write(next);
      known = printsOf(next);
    },
  };
}

function printsOf({ settings, cadences }: Kept): ReadonlyMap<string, string> {
  const prints = new Map(Object.entries(cadences).map(([name, { print }]) => [name, print]));
  return settings === undefined ? prints : prints.set(SETTINGS_FILE, settings.print);
}

function isKeepable({ isRested, mark, draft, bus, problems }: Entry): boolean {
  return isRested && mark !== undefined && (draft !== undefined || (bus !== undefined && problems.length === 0));
}

function settingsOf(entry: Entry | undefined): Pick<Kept, 'settings'> {
  if (entry?.mark === undefined || entry.bus === undefined) return {};
  return { settings: { print: entry.seen.print, mark: entry.mark, bus: entry.bus } };
}

function keptOf(name: string, { seen, mark, draft }: Entry): readonly (readonly [string, KeptCadence])[] {
  return mark === undefined || draft === undefined ? [] : [[name, { print: seen.print, mark, facts: draft.facts }]];
}
