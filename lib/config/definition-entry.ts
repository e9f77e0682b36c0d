import { basename } from 'node:path';
import type { BusSettings, Cadence } from '../core/cadence.ts';
import { isSpender } from '../core/money/spender.ts';
import { textMark } from '../core/text/mark.ts';
import type { Files, Problem } from '../ports.ts';
import { checkBusSettings } from '../wire/bus-settings.ts';
import { inOrder, type SourceProblem } from '../wire/problem.ts';
import { readYaml } from '../wire/yaml-source.ts';
import { type AgentDefaults, NO_AGENT_DEFAULTS, readAgentDefaults } from './agent-builder.ts';
import { buildSettings } from './cadence-builder.ts';
import { type CadenceDraft, draftCadence, draftOf, MOST_PROMPT_BYTES, MOST_YAML_BYTES } from './cadence-draft.ts';
import type { Kept } from './definition-cache.ts';
import { type Look, look, readDefinitionText } from './definition-text.ts';

/** What is known of one cadence, of one misnamed file, or of `bus.yaml`. */
export interface Entry {
  readonly path: string;
  /** How the files looked that bear its name. */
  readonly seen: Look;
  /** Nobody can have written them again since, and they look the same. */
  readonly isRested: boolean;
  /** Of its text; undefined where none could be read. */
  readonly mark: string | undefined;
  readonly draft: CadenceDraft | undefined;
  /** What bus.yaml said of agents when it was read. */
  readonly agents?: AgentDefaults;
  /** Of bus.yaml. */
  readonly bus?: BusSettings | undefined;
  /** The last good definition, which outlives a broken edit. */
  readonly good: Cadence | undefined;
  readonly problems: readonly Problem[];
  readonly warnings?: readonly Problem[];
}

/** What of `bus.yaml` a cadence depends on. */
export interface Surroundings {
  readonly lanes: BusSettings['lanes'];
  readonly agents: AgentDefaults;
  /** It is wrong, and no good version of it is known. */
  readonly fault?: Problem;
}

type Settings = Surroundings & { readonly bus: BusSettings };

interface EntryReaderDeps {
  readonly files: Pick<Files, 'info' | 'read'>;
  /** For what definitions need: programs, files, working folders. */
  readonly needs: Pick<Files, 'info' | 'realPath'>;
  readonly root: string;
  readonly home: string;
  /** Asked before a file is read; absent: nothing is kept. */
  readonly isRested?: ((look: Look) => boolean) | undefined;
}

/** Reads entries; an entry that has not changed is the same object as before. `kept`: what is known from an earlier life. */
export function createEntryReader(deps: EntryReaderDeps) {
  const { files, needs } = deps;
  return {
    /** `paths`: the files that bear the name. undefined: none of them is there. What the text needs is looked for every time. */
    readCadence(
      name: string,
      paths: readonly string[],
      before: Entry | undefined,
      isForced: boolean,
      { lanes, agents, fault }: Surroundings,
      kept?: Kept['cadences'],
    ): Entry | undefined {
      const there = paths.flatMap((path) => {
        const seen = look(files, path);
        return seen === undefined ? [] : [{ path, seen }];
      });
      const [first] = there;
      const seen = looksOf(there);
      // What could not be read is tried again, for the fault may be over though the file looks the same.
      const isSame = !isForced && before?.draft !== undefined && before.seen.print === seen.print && before.agents === agents;
      const fresh = isSame ? before : (keptFiles(needs, seen, kept, name) ?? readFiles({ ...deps, agents }, name, there, seen));
      if (first === undefined || fresh === undefined) return undefined;
      const { mark, draft, isRested } = fresh;
      const missing = draft?.missing(lanes);
      const own = draft === undefined ? fresh.problems : locate(first.path, [...draft.problems, ...(missing?.problems ?? [])]);
      const problems = fault !== undefined && draft?.cadence !== undefined && maySpend(draft.cadence) ? [...own, unknownBudget(fault)] : own;
      const warnings = locate(first.path, missing?.warnings ?? []);
      if (isSame && areSame(before.problems, problems) && areSame(before.warnings ?? [], warnings)) return before;
      const good = problems.length === 0 ? draft?.cadence : before?.good;
      return { path: first.path, seen, isRested, mark, draft, agents, good, problems, warnings };
    },

    /**
     * undefined: there is no such file, and was none. `settings` is undefined where they are broken, or where nothing has changed. A file that
     * is gone, or emptied, is one that is broken: it may be in the middle of a save, and limits are not to vanish with it.
     */
    readSettings(
      path: string,
      before: Entry | undefined,
      isForced: boolean,
      kept?: Kept['settings'],
    ): { readonly entry: Entry; readonly settings: Settings | undefined } | undefined {
      const seen = look(files, path);
      if (seen === undefined) return before && { entry: goneSettings(path, before), settings: undefined };
      if (!isForced && before?.mark !== undefined && before.seen.print === seen.print) return { entry: before, settings: undefined };
      if (kept?.print === seen.print) {
        const { mark, bus } = kept;
        const agents = lateAgents(() => readSettingsFile(deps, path, seen)?.settings?.agents ?? NO_AGENT_DEFAULTS);
        return {
          entry: { path, seen, isRested: true, mark, draft: undefined, bus, good: undefined, problems: [] },
          settings: { bus, lanes: bus.lanes, agents },
        };
      }
      return readSettingsFile(deps, path, seen, before);
    },

    misnamed(problem: Problem): Entry {
      return { path: problem.path, seen: looksOf([]), isRested: false, mark: undefined, draft: undefined, good: undefined, problems: [problem] };
    },
  };
}

function readSettingsFile(
  { files, root, home, isRested: mayRest }: EntryReaderDeps,
  path: string,
  seen: Look,
  before?: Entry,
): { readonly entry: Entry; readonly settings: Settings | undefined } | undefined {
  const isRested = mayRest?.(seen) === true;
  const read = readDefinitionText(files, path, MOST_YAML_BYTES);
  if (read === undefined) return before && { entry: goneSettings(path, before), settings: undefined };
  const isBlank = read.text?.trim() === '';
  if (isBlank && before !== undefined && before.mark !== BLANK) return { entry: lostSettings(path, seen, 'nothing is in it any more'), settings: undefined };
  const source = readYaml(read.text ?? '');
  const checked = read.text === undefined ? { file: undefined, problems: [] } : checkBusSettings(source);
  const problems = read.problem === undefined ? locate(path, checked.problems) : [read.problem];
  const bus = checked.file === undefined ? undefined : buildSettings(checked.file, root, home);
  const entry = { path, seen, isRested, mark: isBlank ? BLANK : markOf(read.text), draft: undefined, bus, good: undefined, problems };
  if (checked.file === undefined || bus === undefined) return { entry, settings: undefined };
  return { entry, settings: { bus, lanes: bus.lanes, agents: readAgentDefaults(checked.file, path, source) } };
}

const BLANK = textMark('');
const GONE = 'gone';

function goneSettings(path: string, before: Entry): Entry {
  return before.seen.print === GONE ? before : lostSettings(path, { print: GONE, changedMs: Number.POSITIVE_INFINITY }, 'it is gone');
}

/** Nothing is kept of it, so that the next look finds what lies there by then. */
function lostSettings(path: string, seen: Look, message: string): Entry {
  const problem = { path, line: 1, column: 1, key: '', message, hint: 'Put back what it said; or write {} into it, and nothing is set.' };
  return { path, seen, isRested: false, mark: undefined, draft: undefined, good: undefined, problems: [problem] };
}

/** Cadences that are known need not be told which agents there are. */
function lateAgents(read: () => AgentDefaults): AgentDefaults {
  let agents: AgentDefaults | undefined;
  const all = (): AgentDefaults => {
    agents ??= read();
    return agents;
  };
  return {
    get claude() {
      return all().claude;
    },
    get agent() {
      return all().agent;
    },
    get agents() {
      return all().agents;
    },
  };
}

interface SeenFile {
  readonly path: string;
  readonly seen: Look;
}

function looksOf(files: readonly SeenFile[]): Look {
  return {
    print: files.map(({ path, seen }) => `${path} ${seen.print}`).join('\n'),
    changedMs: Math.max(0, ...files.map(({ seen }) => seen.changedMs)),
  };
}

type Fresh = Pick<Entry, 'mark' | 'draft' | 'problems' | 'isRested'>;

function keptFiles(files: EntryReaderDeps['needs'], { print }: Look, kept: Kept['cadences'] | undefined, name: string): Fresh | undefined {
  const known = kept !== undefined && Object.hasOwn(kept, name) ? kept[name] : undefined;
  return known?.print === print ? { mark: known.mark, draft: draftOf(known.facts, files), problems: [], isRested: true } : undefined;
}

function readFiles(deps: EntryReaderDeps & Pick<Surroundings, 'agents'>, name: string, all: readonly SeenFile[], seen: Look): Fresh | undefined {
  const isRested = deps.isRested?.(seen) === true;
  const paths = all.map(({ path }) => path);
  const [path, ...others] = paths;
  if (path === undefined) return undefined;
  if (others.length > 0) return { mark: undefined, isRested, draft: undefined, problems: paths.map((one) => clash(name, one, paths)) };
  const read = readDefinitionText(deps.files, path, path.endsWith('.md') ? MOST_PROMPT_BYTES : MOST_YAML_BYTES);
  if (read === undefined) return undefined;
  if (read.problem !== undefined) return { mark: undefined, isRested, draft: undefined, problems: [read.problem] };
  return { mark: markOf(read.text), isRested, draft: draftCadence(name, path, read.text, { ...deps, files: deps.needs }), problems: [] };
}

function markOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : textMark(text);
}

/** One edit is one change; a file that was only touched is none. */
export function changeOf(before: Entry | undefined, now: Entry | undefined): 'added' | 'changed' | 'removed' | 'broken' | 'healed' | undefined {
  if (now === undefined) return 'removed';
  const isBroken = now.problems.length > 0;
  if (before === undefined) return isBroken ? 'broken' : 'added';
  const wasBroken = before.problems.length > 0;
  if (isBroken) return wasBroken && areSame(before.problems, now.problems) ? undefined : 'broken';
  if (wasBroken) return 'healed';
  return before.mark === now.mark && before.path === now.path ? undefined : 'changed';
}

function areSame(some: readonly Problem[], others: readonly Problem[]): boolean {
  return JSON.stringify(some) === JSON.stringify(others);
}

function locate(path: string, problems: readonly SourceProblem[]): readonly Problem[] {
  return inOrder(problems).map((problem) => ({ path, ...problem }));
}

/** It, or an agent that mends it. */
function maySpend(cadence: Cadence): boolean {
  const { ladder } = cadence;
  return isSpender(cadence) || ladder?.diagnose !== undefined || (ladder?.rungs.some(({ action }) => action.kind === 'agent') ?? false);
}

/** A night without the limits of `bus.yaml` may cost what no night should. */
export function unknownBudget({ message, ...where }: Problem): Problem {
  return { ...where, message: `the settings of the bus are wrong, so nobody knows what this may spend: ${message}` };
}

function clash(name: string, path: string, all: readonly string[]): Problem {
  const message = `${name} is defined twice, in ${all.map((one) => basename(one)).join(' and ')}`;
  return { path, line: 1, column: 1, key: '', message, hint: 'Keep one of the files, or give one another name.' };
}
