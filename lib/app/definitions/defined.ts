import { createAllDefinitions } from '../../config/all-definitions.ts';
import type { LiveDefinitions } from '../../config/definitions.ts';
import { builtinCadence, isBuiltin } from '../../core/builtin.ts';
import type { BusSettings, Cadence } from '../../core/cadence.ts';
import { controlCadence } from '../../core/control.ts';
import { healersOf } from '../../core/heal/cadence.ts';
import { pathsOf } from '../../core/paths.ts';
import { CONTROL_CADENCE } from '../../core/tick.ts';
import { createFiles } from '../../platform/files.ts';
import { readMachine } from '../../platform/machine.ts';
import type { Definition, Files, Problem } from '../../ports.ts';
import { createReading, type Reading } from '../reading.ts';
import { nowMs, unknownCadence } from '../root.ts';
import { knownDefinitions } from './known.ts';
import { tellersOf } from './tellers.ts';

/** Each once, though a hundred cadences use the agent that is missing. */
export function warningsOf(definitions: readonly Definition[]): readonly Problem[] {
  return onceEach(definitions.flatMap(({ warnings = [] }) => warnings));
}

function onceEach(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}

/** What the folder of definitions says now, read afresh. */
export interface Defined {
  readonly definitions: readonly Definition[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  readonly settings: BusSettings;
  /** Who may spend something, where `bus.yaml` is wrong: each has that among its problems, and waits unless an owner goes on with a good version. */
  readonly waiting: readonly string[];
  /** Of them, the commands of `exec`. */
  readonly commands: readonly Definition[];
}

/** `only`: nobody asks about another cadence. */
export function readDefined(root: string, only?: string): Defined {
  return definedBy(loadDefinitions(root, only), createReading(root), only);
}

export function definedBy(loaded: LiveDefinitions, reading: Pick<Reading, 'history'>, only?: string): Defined {
  const fault = loaded.unsettled();
  const isFault = (problem: Problem): boolean => fault !== undefined && isSame(problem, fault);
  const tellers = tellersOf(loaded, reading, only);
  const definitions = loaded.all().map((one) => tellers.find(({ name }) => name === one.name) ?? one);
  const commands = tellers.filter(({ name }) => !definitions.some((one) => one.name === name));
  const own = onceEach(definitions.flatMap(({ problems }) => problems));
  const others = loaded
    .problems()
    .filter((problem) => !own.some((known) => known.path === problem.path && known.line === problem.line && known.message === problem.message));
  return {
    definitions,
    // What is wrong with `bus.yaml` is told once, as what it is.
    problems: [...others, ...own].filter((problem) => !isFault(problem)),
    warnings: warningsOf(definitions),
    settings: loaded.settings(),
    waiting: [...definitions.filter(({ problems }) => problems.some(isFault)), ...commands].map(({ name }) => name),
    commands,
  };
}

function isSame(one: Problem, other: Problem): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Who comes next need not read again what we had to read. */
export function loadDefinitions(root: string, only?: string, files: Files = createFiles()): LiveDefinitions {
  const [paths, machine] = [pathsOf(root), readMachine()];
  const loaded = createAllDefinitions({ files, paths, home: machine.home, cache: knownDefinitions(files, paths, machine, nowMs), only });
  loaded.keep();
  return loaded;
}

/** Those that mend others: no file defines them, and they have an account and a budget like every other. */
export function healersIn(loaded: LiveDefinitions): readonly Definition[] {
  return loaded.all().flatMap(({ cadence }) => (cadence === undefined ? [] : healersOf(cadence).flatMap((name) => loaded.get(name) ?? [])));
}

/** By its name; with what is wrong with `bus.yaml` where it waits for that. */
export function withFault(loaded: LiveDefinitions, reading: Pick<Reading, 'history'>, name: string): Definition | undefined {
  const [teller] = tellersOf(loaded, reading, name);
  return teller ?? loaded.get(name);
}

export function requireCadence(root: string, name: string): { readonly definition: Definition; readonly cadence: Cadence | undefined } {
  const loaded = loadDefinitions(root);
  const definition = withFault(loaded, createReading(root), name);
  if (definition !== undefined) return { definition, cadence: definition.cadence };
  throw unknownCadence(
    name,
    loaded.all().map((one) => one.name),
    ` in ${root}/cadences`,
  );
}

/** The cadences of the program itself, as far as they have had something to do. */
export function builtinsOf(root: string): readonly Definition[] {
  const paths = pathsOf(root);
  const own = Object.keys(createReading(root).history.digest()).filter(isBuiltin);
  const cadences = [CONTROL_CADENCE, ...own.filter((name) => name !== CONTROL_CADENCE).sort()].flatMap((name) =>
    name === CONTROL_CADENCE ? controlCadence(paths) : (builtinCadence(name, paths) ?? []),
  );
  return cadences.map((cadence) => ({ name: cadence.name, path: cadence.path, cadence, problems: [] }));
}
