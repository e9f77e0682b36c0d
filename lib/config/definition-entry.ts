import { basename } from 'node:path';
import type { BusSettings, Cadence } from '../core/cadence.ts';
import type { Files, Problem } from '../ports.ts';
import { checkBusSettings } from '../wire/bus-settings.ts';
import { inOrder, type SourceProblem } from '../wire/problem.ts';
import { readYaml } from '../wire/yaml-source.ts';
import { type AgentDefaults, readAgentDefaults } from './agent-builder.ts';
import { buildSettings } from './cadence-builder.ts';
import { type CadenceDraft, draftCadence, MOST_PROMPT_BYTES, MOST_YAML_BYTES } from './cadence-draft.ts';
import { fingerprint, readDefinitionText } from './definition-text.ts';

/** What is known of one cadence, of one misnamed file, or of `bus.yaml`. */
export interface Entry {
  readonly path: string;
  readonly fingerprint: string;
  /** undefined where no text could be read. */
  readonly text: string | undefined;
  readonly draft: CadenceDraft | undefined;
  /** What bus.yaml said of agents when it was read. */
  readonly agents?: AgentDefaults;
  /** The last good definition, which outlives a broken edit. */
  readonly good: Cadence | undefined;
  readonly problems: readonly Problem[];
  readonly warnings?: readonly Problem[];
}

/** What of `bus.yaml` a cadence depends on. */
export interface Surroundings {
  readonly lanes: BusSettings['lanes'];
  readonly agents: AgentDefaults;
}

interface EntryReaderDeps {
  readonly files: Pick<Files, 'info' | 'read' | 'realPath'>;
  readonly root: string;
  readonly home: string;
}

/** Reads entries; an entry that has not changed is the same object as before. */
export function createEntryReader(deps: EntryReaderDeps) {
  const { files, root, home } = deps;
  return {
    /** `paths`: the files that bear the name. undefined: none of them is there. What the text needs is looked for every time. */
    readCadence(name: string, paths: readonly string[], before: Entry | undefined, isForced: boolean, { lanes, agents }: Surroundings): Entry | undefined {
      const seen = paths.map((path) => ({ path, print: fingerprint(files, path) })).filter(({ print }) => print !== undefined);
      const [first] = seen;
      const print = JSON.stringify(seen);
      // What could not be read is tried again, for the fault may be over though the file looks the same.
      const isSame = !isForced && before?.draft !== undefined && before.fingerprint === print && before.agents === agents;
      const fresh = isSame
        ? before
        : readFiles(
            { ...deps, agents },
            name,
            seen.map(({ path }) => path),
          );
      if (first === undefined || fresh === undefined) return undefined;
      const { text, draft } = fresh;
      const missing = draft?.missing(lanes);
      const problems = draft === undefined ? fresh.problems : locate(first.path, [...draft.problems, ...(missing?.problems ?? [])]);
      const warnings = locate(first.path, missing?.warnings ?? []);
      if (isSame && areSame(before.problems, problems) && areSame(before.warnings ?? [], warnings)) return before;
      return { path: first.path, fingerprint: print, text, draft, agents, good: problems.length === 0 ? draft?.cadence : before?.good, problems, warnings };
    },

    /** undefined: there is no such file. `settings` is undefined where they are broken, or where nothing has changed. */
    readSettings(
      path: string,
      before: Entry | undefined,
      isForced: boolean,
    ): { readonly entry: Entry; readonly settings: (Surroundings & { readonly bus: BusSettings }) | undefined } | undefined {
      const print = fingerprint(files, path);
      if (print === undefined) return undefined;
      if (!isForced && before?.text !== undefined && before.fingerprint === print) return { entry: before, settings: undefined };
      const read = readDefinitionText(files, path, MOST_YAML_BYTES);
      if (read === undefined) return undefined;
      const source = readYaml(read.text ?? '');
      const checked = read.text === undefined ? { file: undefined, problems: [] } : checkBusSettings(source);
      const problems = read.problem === undefined ? locate(path, checked.problems) : [read.problem];
      const entry = { path, fingerprint: print, text: read.text, draft: undefined, good: undefined, problems };
      if (checked.file === undefined) return { entry, settings: undefined };
      const bus = buildSettings(checked.file, root, home);
      return { entry, settings: { bus, lanes: bus.lanes, agents: readAgentDefaults(checked.file, path, source) } };
    },

    misnamed(problem: Problem): Entry {
      return { path: problem.path, fingerprint: '', text: undefined, draft: undefined, good: undefined, problems: [problem] };
    },
  };
}

type Fresh = Pick<Entry, 'text' | 'draft' | 'problems'>;

function readFiles(deps: EntryReaderDeps & Pick<Surroundings, 'agents'>, name: string, all: readonly string[]): Fresh | undefined {
  const [path, ...others] = all;
  if (path === undefined) return undefined;
  if (others.length > 0) return { text: undefined, draft: undefined, problems: all.map((one) => clash(name, one, all)) };
  const read = readDefinitionText(deps.files, path, path.endsWith('.md') ? MOST_PROMPT_BYTES : MOST_YAML_BYTES);
  if (read === undefined) return undefined;
  if (read.problem !== undefined) return { text: undefined, draft: undefined, problems: [read.problem] };
  return { text: read.text, draft: draftCadence(name, path, read.text, deps), problems: [] };
}

/** One edit is one change; a file that was only touched is none. */
export function changeOf(before: Entry | undefined, now: Entry | undefined): 'added' | 'changed' | 'removed' | 'broken' | 'healed' | undefined {
  if (now === undefined) return 'removed';
  const isBroken = now.problems.length > 0;
  if (before === undefined) return isBroken ? 'broken' : 'added';
  const wasBroken = before.problems.length > 0;
  if (isBroken) return wasBroken && areSame(before.problems, now.problems) ? undefined : 'broken';
  if (wasBroken) return 'healed';
  return before.text === now.text && before.path === now.path ? undefined : 'changed';
}

function areSame(some: readonly Problem[], others: readonly Problem[]): boolean {
  return JSON.stringify(some) === JSON.stringify(others);
}

function locate(path: string, problems: readonly SourceProblem[]): readonly Problem[] {
  return inOrder(problems).map((problem) => ({ path, ...problem }));
}

function clash(name: string, path: string, all: readonly string[]): Problem {
  const message = `${name} is defined twice, in ${all.map((one) => basename(one)).join(' and ')}`;
  return { path, line: 1, column: 1, key: '', message, hint: 'Keep one of the files, or give one another name.' };
}
