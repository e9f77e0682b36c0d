import { basename, dirname, join, normalize } from 'node:path';
import { type BusSettings, DEFAULT_SETTINGS } from '../core/cadence.ts';
import { type Paths, SETTINGS_FILE } from '../core/paths.ts';
import { isCadenceName } from '../core/tick.ts';
import type { Definition, Definitions, Files, Problem } from '../ports.ts';
import { type AgentDefaults, NO_AGENT_DEFAULTS } from './agent-builder.ts';
import { createCacheKeeping } from './cache-keeping.ts';
import { cadenceOf, viewFolder } from './cadence-folder.ts';
import type { DefinitionCache, Kept } from './definition-cache.ts';
import { changeOf, createEntryReader, type Entry, type Surroundings, unknownBudget } from './definition-entry.ts';
import { orFault } from './definition-text.ts';
import { createNeedLooks } from './need-looks.ts';

export interface DefinitionsDeps {
  readonly files: Pick<Files, 'list' | 'info' | 'read' | 'realPath'>;
  readonly paths: Pick<Paths, 'root' | 'cadences'>;
  /** What `~` stands for. */
  readonly home: string;
  /** What an earlier life has read; absent: everything is read. */
  readonly cache?: DefinitionCache | undefined;
  /** Of the cadences only this one is read, and nothing is kept for others; absent: all. */
  readonly only?: string | undefined;
}

export type DefinitionChangeKind = 'added' | 'changed' | 'removed' | 'broken' | 'healed';

/** `name` is a cadence; or a file name (it has a dot) where the file is `bus.yaml` or has no right name. */
export interface DefinitionChange {
  readonly kind: DefinitionChangeKind;
  readonly name: string;
  readonly path: string;
  readonly problems: readonly Problem[];
}

export interface LiveDefinitions extends Definitions {
  /**
   * Looks at the folder again. With the path of one file only that file is looked at, and it is read even where its
   * fingerprint is the old one; other files cannot vanish by being looked at in the middle of a save.
   */
  reload(changed?: string): readonly DefinitionChange[];
  /** What bus.yaml says of agents. */
  agentDefaults(): AgentDefaults;
  /**
   * `bus.yaml` is wrong, and was so from the start: the defaults are in force, and what may spend waits. What is wrong, as each that waits says it: it
   * stands among the problems of agents and of what has a budget; who has told a cost is known to the log of runs only.
   */
  unsettled(): Problem | undefined;
  /** Writes down what was read, for whoever comes next, where enough of it is new. */
  keep(): void;
}

type Settings = Surroundings & { readonly bus: BusSettings };

const NO_SETTINGS: Settings = { bus: DEFAULT_SETTINGS, lanes: DEFAULT_SETTINGS.lanes, agents: NO_AGENT_DEFAULTS };

/** The folder, read; every later edit by `reload`. */
export function createDefinitions({ files, paths, home, cache, only: wanted }: DefinitionsDeps): LiveDefinitions {
  const book = createBook();
  const pathOf = (file: string) => join(paths.cadences, file);
  const needs = createNeedLooks(files);
  const reader = createEntryReader({ files, needs, root: paths.root, home, isRested: cache?.isRested });
  let kept = cache?.read();
  const keeping = cache === undefined || kept === undefined || wanted !== undefined ? undefined : createCacheKeeping(cache, kept);
  let settings: Settings = NO_SETTINGS;
  let hasBegun = false;
  let folderProblems: readonly Problem[] = [];

  function putCadence(name: string, group: readonly string[], isForced: boolean): void {
    book.put(name, reader.readCadence(name, group.map(pathOf), book.entries.get(name), isForced, settings, keptCadences()));
  }

  /** They were read beside the same bus.yaml. */
  function keptCadences(): Kept['cadences'] | undefined {
    return book.entries.get(SETTINGS_FILE)?.seen.print === kept?.settings?.print ? kept?.cadences : undefined;
  }

  /** Broken settings leave the last good ones in force; where there never was a file, the defaults are. Where they were broken from the start, nobody knows what may be spent. */
  function putSettings(isForced: boolean): void {
    const read = reader.readSettings(pathOf(SETTINGS_FILE), book.entries.get(SETTINGS_FILE), isForced, kept?.settings);
    const fault = read?.entry.problems[0];
    const isUnknown = fault !== undefined && (!hasBegun || settings.fault !== undefined);
    const known = isUnknown ? { ...NO_SETTINGS, fault } : settings;
    settings = read === undefined ? NO_SETTINGS : (read.settings ?? known);
    book.put(SETTINGS_FILE, read?.entry);
  }

  function putMisnamed(misnamed: ReadonlyMap<string, Problem>): void {
    for (const name of book.entries.keys()) if (!isCadenceName(name) && name !== SETTINGS_FILE && !misnamed.has(name)) book.put(name, undefined);
    for (const [name, problem] of misnamed) book.put(name, reader.misnamed(problem));
  }

  function reload(changed?: string): readonly DefinitionChange[] {
    needs.forget();
    const listed = orFault(() => files.list(paths.cadences));
    folderProblems = 'fault' in listed ? [{ path: paths.cadences, line: 1, column: 1, key: '', message: listed.fault.message, hint: listed.fault.hint }] : [];
    // A folder that cannot be read says nothing about what it holds: everything stays as it was.
    if ('fault' in listed) return book.takeChanges();
    const file = changed !== undefined && normalize(dirname(changed)) === normalize(paths.cadences) ? basename(changed) : undefined;
    const only = file === undefined ? undefined : cadenceOf(file);
    if (only !== undefined) {
      // Of very many files those that bear another name are not even looked at.
      const group = listed.value.filter((name) => name.startsWith(`${only}.`));
      putCadence(only, viewFolder(group, pathOf).cadences.get(only) ?? [], true);
      return book.takeChanges();
    }
    const view = viewFolder(listed.value, pathOf);
    // Settings come first, for cadences name lanes.
    putSettings(file === SETTINGS_FILE);
    for (const name of book.entries.keys()) if (isCadenceName(name) && !view.cadences.has(name)) book.put(name, undefined);
    for (const [name, group] of view.cadences) if (wanted === undefined || name === wanted) putCadence(name, group, false);
    putMisnamed(view.misnamed);
    return book.takeChanges();
  }

  reload();
  hasBegun = true;
  kept = undefined;
  return {
    ...book.answers,
    settings: () => settings.bus,
    agentDefaults: () => settings.agents,
    unsettled: () => settings.fault && unknownBudget(settings.fault),
    keep() {
      if (book.takeNews()) keeping?.keep(book.entries, settings.agents);
    },
    problems: () => [...folderProblems, ...book.unusable()],
    reload,
  };
}

/** The entries by name, and what has become of them since somebody last asked. */
function createBook() {
  const entries = new Map<string, Entry>();
  let changes: DefinitionChange[] = [];
  let isNew = false;
  /** Made once for each state of the folder, for some ask at every run. */
  let listed: readonly Definition[] | undefined;
  const shown = new WeakMap<Entry, Definition>();

  /** As long as nothing has changed it is the same object. */
  function show(name: string): Definition | undefined {
    const entry = entries.get(name);
    const known = entry && shown.get(entry);
    if (entry === undefined || known !== undefined) return known;
    const made = { name, path: entry.path, cadence: entry.good, problems: entry.problems, warnings: entry.warnings ?? [] };
    shown.set(entry, made);
    return made;
  }

  return {
    entries: entries as ReadonlyMap<string, Entry>,
    put(name: string, entry: Entry | undefined): void {
      const before = entries.get(name);
      if (entry === before) return;
      if (entry === undefined) entries.delete(name);
      else entries.set(name, entry);
      listed = undefined;
      isNew = true;
      const kind = changeOf(before, entry);
      const path = (entry ?? before)?.path ?? '';
      if (kind !== undefined) changes.push({ kind, name, path, problems: entry?.problems ?? [] });
    },
    takeChanges(): readonly DefinitionChange[] {
      const taken = changes;
      changes = [];
      return taken;
    },
    takeNews(): boolean {
      const wasNew = isNew;
      isNew = false;
      return wasNew;
    },
    unusable: () => [...entries.values()].filter(({ good }) => good === undefined).flatMap(({ problems }) => problems),
    answers: {
      get: (name: string) => (isCadenceName(name) ? show(name) : undefined),
      all() {
        listed ??= [...entries.keys()]
          .filter(isCadenceName)
          .sort()
          .flatMap((name) => show(name) ?? []);
        return listed;
      },
    },
  };
}
