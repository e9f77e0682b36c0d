import { slotsOf } from '../core/agent/slot.ts';
import type { Cadence } from '../core/cadence.ts';
import { nearest } from '../core/text/nearest.ts';
import type { FileInfo, Files } from '../ports.ts';
import { checkCadence, isCadenceKey } from '../wire/cadence.ts';
import { type Markdown, splitFrontMatter } from '../wire/front-matter.ts';
import type { SourceProblem } from '../wire/problem.ts';
import { readYaml } from '../wire/yaml-source.ts';
import { type AgentDefaults, NO_AGENT_DEFAULTS } from './agent-builder.ts';
import { buildCadence } from './cadence-builder.ts';
import { orFault } from './definition-text.ts';
import type { Needed } from './run-builder.ts';

/** What a text says by itself, as plain JSON: from the same text the same, wherever and whenever it is read. */
export interface DraftFacts {
  readonly built?: Cadence;
  readonly problems: readonly SourceProblem[];
  /** What is right, and hardly meant. Absent: nothing. */
  readonly warnings?: readonly SourceProblem[];
  readonly needed: readonly Needed[];
  readonly lane?: { readonly name: string; readonly at: SourceProblem };
}

/** The same, and what it needs of the rest of the world, which may change without it. */
export interface CadenceDraft {
  readonly facts: DraftFacts;
  readonly cadence: Cadence | undefined;
  readonly problems: readonly SourceProblem[];
  /** What is missing now: files, programs, its lane. */
  missing(lanes: Readonly<Record<string, number>>): Missing;
}

/** An agent of several that cannot begin is passed over, so it is a warning, as long as another one can. */
export interface Missing {
  readonly problems: readonly SourceProblem[];
  readonly warnings: readonly SourceProblem[];
}

export interface DraftContext {
  readonly files: Pick<Files, 'info' | 'realPath'>;
  readonly root: string;
  readonly home: string;
  /** What bus.yaml says of agents; absent: nothing. */
  readonly agents?: AgentDefaults;
}

export const MOST_YAML_BYTES = 256 * 1024;
export const MOST_PROMPT_BYTES = 1024 * 1024;

/** `text`: the whole file at `path`, which ends in .md for a prompt. */
export function draftCadence(name: string, path: string, text: string, context: DraftContext): CadenceDraft {
  return draftOf(readFacts(name, path, text, context), context.files);
}

/** The draft of a text that was read before. */
export function draftOf(facts: DraftFacts, files: DraftContext['files']): CadenceDraft {
  const { built, problems, warnings: hardlyMeant = [], needed, lane } = facts;
  const cadence = built === undefined ? undefined : inRealWorkspaces(built, files);
  return {
    facts,
    cadence,
    problems,
    missing: (lanes) => {
      const { problems: needs, warnings } = missingNeeds(needed, cadence, files);
      return { problems: [...needs, ...(lane === undefined ? [] : missingLane(lane, lanes))], warnings: [...hardlyMeant, ...warnings] };
    },
  };
}

function readFacts(name: string, path: string, text: string, context: DraftContext): DraftFacts {
  const prompt = path.endsWith('.md') ? splitFrontMatter(text) : undefined;
  const refused = prompt === undefined ? [] : refusePrompt(prompt);
  if (refused.length > 0) return { problems: refused, needed: [] };
  const source = prompt === undefined ? readYaml(text) : readYaml(prompt.front?.text ?? '', prompt.front?.firstLine);
  const checked = checkCadence(source, prompt !== undefined);
  const problems = [...checked.problems, ...(prompt === undefined ? [] : promptProblems(prompt))];
  const needed: Needed[] = [];
  const build = { source, root: context.root, home: context.home, promptPath: path, problems, needed };
  const built = checked.file === undefined ? undefined : buildCadence(name, path, checked.file, build, context.agents ?? NO_AGENT_DEFAULTS);
  const lane = checked.file?.lane;
  const warnings = prompt === undefined ? [] : strayFrontMatter(prompt);
  return asPlain({
    problems,
    needed,
    ...(warnings.length === 0 ? {} : { warnings }),
    ...(built === undefined || problems.length > 0 ? {} : { built }),
    ...(lane === undefined ? {} : { lane: { name: lane, at: source.problem(['lane'], '') } }),
  });
}

/** Nothing may depend on whether a definition was read just now or is known from before. */
function asPlain(facts: DraftFacts): DraftFacts {
  return JSON.parse(JSON.stringify(facts)) as DraftFacts;
}

const STRAY = /^(?:[ \t]*\r?\n)*---[ \t]*(?:yaml)?[ \t]*\r?\n/;

/** Keys between two lines of ---, but not in the first line: they say nothing, and go to the session as words. */
function strayFrontMatter({ front, body }: Markdown): readonly SourceProblem[] {
  const opening = front === undefined ? STRAY.exec(body)?.[0] : undefined;
  if (opening === undefined) return [];
  const rest = body.slice(opening.length);
  const end = /^---[ \t]*$/m.exec(rest)?.index;
  if (end === undefined || ![...rest.slice(0, end).matchAll(/^([a-z_]+):/gm)].some(([, key = '']) => isCadenceKey(key))) return [];
  return [topProblem(opening.split('\n').length - 1, 'these keys are a part of the prompt', 'Front matter begins with --- in the very first line.')];
}

/** What must be right before anything else is worth reading. */
function refusePrompt(prompt: Markdown): readonly SourceProblem[] {
  if (prompt.isUnclosed) return [topProblem(1, 'front matter begins here and never ends', 'Close it with a line of ---, or put an empty line before a rule.')];
  if (prompt.front === undefined || prompt.front.text.length <= MOST_YAML_BYTES) return [];
  return [topProblem(1, `the front matter is larger than ${MOST_YAML_BYTES / 1024} KB`, 'Put the prompt behind it.')];
}

function promptProblems(prompt: Markdown): readonly SourceProblem[] {
  const nul = prompt.body.indexOf('\0');
  if (nul >= 0)
    return [
      topProblem(prompt.bodyLine + prompt.body.slice(0, nul).split('\n').length - 1, 'a NUL character, so this is no text', 'Save the file as UTF-8 text.'),
    ];
  return prompt.body.trim() === '' ? [topProblem(prompt.bodyLine, 'the prompt is empty', 'Write what the session is to do.')] : [];
}

function topProblem(line: number, message: string, hint: string): SourceProblem {
  return { line, column: 1, key: '', message, hint };
}

function missingNeeds(needed: readonly Needed[], cadence: Cadence | undefined, files: DraftContext['files']): Missing {
  const found = needed.flatMap((need) => missingNeed(need, files).map((problem) => ({ slot: need.slot, problem })));
  const fitting = cadence === undefined ? [] : slotsOf(cadence).map(({ name }) => name);
  const usable = fitting.filter((name) => !found.some(({ slot }) => slot === name));
  const [next] = usable;
  const isPassedOver = ({ slot }: { readonly slot: string | undefined }): boolean => slot !== undefined && next !== undefined;
  return {
    problems: found.filter((one) => !isPassedOver(one)).map(({ problem }) => problem),
    warnings: found.filter(isPassedOver).map(({ slot, problem }) => ({ ...problem, message: `${problem.message}, so ${slot} is passed over for ${next}` })),
  };
}

function missingNeed(need: Needed, files: DraftContext['files']): readonly SourceProblem[] {
  const info = look(need.path, files);
  if (info === 'unknown') return [{ ...need.problem, message: `${need.path} cannot be looked at` }];
  // A symbolic link is taken as it is: programs are often links, and where it leads may be decided later.
  if (info === undefined) return [need.problem];
  if (info.kind !== 'folder' && (need.kind === 'program' || info.kind !== 'other')) return [];
  return [{ ...need.problem, message: `${need.path} is ${info.kind === 'folder' ? 'a folder' : 'no regular file'}, expected a ${need.kind}` }];
}

function missingLane({ name, at }: NonNullable<DraftFacts['lane']>, lanes: Readonly<Record<string, number>>): readonly SourceProblem[] {
  if (Object.hasOwn(lanes, name)) return [];
  const known = Object.keys(lanes);
  const meant = nearest(name, known);
  const hint = `${meant === undefined ? '' : `Did you mean "${meant}"? `}Lanes of your own are named in cadences/bus.yaml, under lanes.`;
  return [{ ...at, message: `there is no lane ${JSON.stringify(name)}, expected one of ${known.join(', ')}`, hint }];
}

function inRealWorkspaces(cadence: Cadence, files: DraftContext['files']): Cadence {
  const real = <T extends Pick<Cadence, 'workspace'>>(one: T): T =>
    one.workspace === undefined ? one : { ...one, workspace: realWorkspace(one.workspace, files) };
  return { ...real(cadence), ...(cadence.slots === undefined ? {} : { slots: cadence.slots.map(real) }) };
}

/** Two names of one folder are one workspace. A folder that is not there yet has the name that was given. */
function realWorkspace(workspace: string, files: DraftContext['files']): string {
  const info = look(workspace, files);
  if (info === undefined || info === 'unknown') return workspace;
  // A dangling link, or a folder that we may not look into: the run will say so, and its name is identity enough.
  const asked = orFault(() => files.realPath(workspace));
  return 'fault' in asked ? workspace : asked.value;
}

function look(path: string, files: DraftContext['files']): FileInfo | undefined | 'unknown' {
  const asked = orFault(() => files.info(path));
  return 'fault' in asked ? 'unknown' : asked.value;
}
