import { type Import, importsOf, lineOf, type Source } from './sources.ts';

/** One place where the house is not in order: what is there, and what to do instead. */
export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly found: string;
  readonly instead: string;
}

/** What the library loads where a cadence or a caller asks for it, and only there. */
const ON_DEMAND = ['app/payload-check.ts', 'app/library-consumer.ts'];

const RULES = ['core', 'ports.ts'];
const ADAPTER = [...RULES, 'doc.ts', 'wire', 'node:path'];
const SERVICE = [...RULES, 'loop.ts', 'doc.ts'];
const SURFACE = ['core', 'app'];

/**
 * The table of CONVENTIONS.md: what each folder of `lib`, and each file that lies in `lib` itself, may import besides its
 * own folder. A name with a dot is a file under `lib`; a name ending in `*` is every package that begins so.
 */
const TABLE: Readonly<Record<string, readonly string[]>> = {
  core: [],
  'ports.ts': ['core'],
  'loop.ts': RULES,
  'doc.ts': RULES,
  wire: ['core', 'zod', 'yaml', 'ajv', 'node:module'],
  platform: [...RULES, 'node:*', 'write-file-atomic', 'proper-lockfile', 'chokidar', 'cross-spawn', 'pino'],
  config: ADAPTER,
  bus: ADAPTER,
  history: ADAPTER,
  incidents: ADAPTER,
  runners: ADAPTER,
  healing: ADAPTER,
  schedules: [...ADAPTER, 'croner'],
  notify: ADAPTER,
  fleet: [...RULES, 'wire', '@nats-io/*'],
  services: SERVICE,
  doctor: SERVICE,
  app: [
    ...[...SERVICE, 'wire', 'platform', 'config', 'bus', 'history', 'incidents', 'runners', 'healing', 'schedules', 'notify'],
    ...['fleet', 'services', 'doctor', 'node:path'],
  ],
  cli: [...SURFACE, 'node:util', 'node:path'],
  web: SURFACE,
  tui: SURFACE,
  mcp: [...SURFACE, '@modelcontextprotocol/*'],
  'index.ts': ['core', 'platform/producer.ts', ...ON_DEMAND],
  bin: ['cli', 'mcp', 'web', 'platform/voice.ts'],
};

const SIBLINGS: readonly (readonly string[])[] = [
  ['platform', 'wire', 'config', 'bus', 'history', 'incidents', 'runners', 'healing', 'schedules', 'notify', 'fleet'],
  ['services', 'doctor'],
  ['cli', 'web', 'tui', 'mcp'],
];

/** The one file that loads what a user named. */
const LOADER = 'lib/runners/inline.ts';

/** `lib/core/tick.ts` lies in `core`, `lib/ports.ts` is a place of its own, `bin` is one place. */
function placeOf(path: string): string {
  const [top, second] = path.split('/');
  return top === 'lib' && second !== undefined ? second : (top ?? path);
}

function mayImport(from: string, target: string, isFile: boolean): boolean {
  const allowed = TABLE[from] ?? [];
  if (isFile) return placeOf(target) === from || allowed.includes(placeOf(target)) || allowed.includes(target.replace(/^lib\//, ''));
  return allowed.some((name) => (name.endsWith('*') ? target.startsWith(name.slice(0, -1)) : packageOf(target) === name));
}

/** The package of `zod/mini` is `zod`, that of `node:fs/promises` is `node:fs`. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function areSiblings(from: string, to: string): boolean {
  return from !== to && SIBLINGS.some((group) => group.includes(from) && group.includes(to)) && !(TABLE[from] ?? []).includes(to);
}

function eachImport(sources: readonly Source[], judge: (source: Source, found: Import) => Omit<Finding, 'path' | 'line'> | undefined): Finding[] {
  return sources.flatMap((source) =>
    importsOf(source).flatMap((found) => {
      const finding = judge(source, found);
      return finding === undefined ? [] : [{ path: source.path, line: lineOf(source, found.node), ...finding }];
    }),
  );
}

export function unknownPlaces(sources: readonly Source[]): Finding[] {
  const unknown = sources.filter(({ path }) => TABLE[placeOf(path)] === undefined);
  const instead = 'put it where it belongs, or add its folder to TABLE in test/support/import-rules.ts with what it may import';
  return unknown.map(({ path }) => ({ path, line: 1, found: `${placeOf(path)} is not in the table of layers`, instead }));
}

export function upwardImports(sources: readonly Source[]): Finding[] {
  return eachImport(sources, ({ path }, { target, isFile }) => {
    const from = placeOf(path);
    if (target === undefined || mayImport(from, target, isFile) || (isFile && areSiblings(from, placeOf(target)))) return undefined;
    const instead = isFile
      ? 'hand it in through a port (lib/ports.ts), or move the rule down into core'
      : 'do it in the folder that owns this library, behind a port';
    return { found: `${from} imports ${target}`, instead: `${from} may import ${(TABLE[from] ?? []).join(', ') || 'nothing'}: ${instead}` };
  });
}

export function siblingImports(sources: readonly Source[]): Finding[] {
  return eachImport(sources, ({ path }, { target, isFile }) => {
    if (target === undefined || !isFile || !areSiblings(placeOf(path), placeOf(target))) return undefined;
    return { found: `${placeOf(path)} imports its sibling ${target}`, instead: 'let app/compose.ts hand the one to the other through a port' };
  });
}

export function blindImports(sources: readonly Source[]): Finding[] {
  return eachImport(sources, ({ path }, { target }) => {
    if (target !== undefined || path === LOADER) return undefined;
    return { found: 'imports what is only known at run time', instead: `only ${LOADER} loads what a user named; name the module in quotes` };
  });
}

/** Each ring of imports once, reported at the import that closes it. */
export function importCycles(sources: readonly Source[]): Finding[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const done = new Set<string>();
  const findings: Finding[] = [];
  const visit = (source: Source, trail: readonly string[]): void => {
    const here = [...trail, source.path];
    for (const { target, node } of importsOf(source)) {
      const next = target === undefined ? undefined : byPath.get(target);
      if (next === undefined || done.has(next.path)) continue;
      const at = here.indexOf(next.path);
      if (at < 0) visit(next, here);
      else findings.push({ path: source.path, line: lineOf(source, node), ...ring([...here.slice(at), next.path]) });
    }
    done.add(source.path);
  };
  for (const source of sources) if (!done.has(source.path)) visit(source, []);
  return findings;
}

function ring(paths: readonly string[]): Omit<Finding, 'path' | 'line'> {
  return { found: `closes the ring ${paths.join(' → ')}`, instead: 'move what both need into a file of its own below them' };
}

/** Whoever imports the library gets no package with it: every file that it loads needs node alone. */
export function librarySurface(sources: readonly Source[]): Finding[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const reached = new Set<string>(byPath.has('lib/index.ts') ? ['lib/index.ts'] : []);
  const findings: Finding[] = [];
  for (const path of reached) {
    const source = byPath.get(path);
    for (const { target, isFile, isTypeOnly, node } of source === undefined ? [] : importsOf(source)) {
      if (source === undefined || target === undefined || isTypeOnly || ON_DEMAND.some((file) => target === `lib/${file}`)) continue;
      if (isFile) reached.add(target);
      else if (!target.startsWith('node:'))
        findings.push({ path, line: lineOf(source, node), found: `lib/index.ts loads ${target} through this file`, ...SURFACE_ADVICE });
    }
  }
  return findings;
}

const SURFACE_ADVICE = { instead: 'keep the path of enqueue() to node: modules; import the type only, or move this out of its reach' };

/** What is asked all day long: whoever waits for such an answer shall not wait for the packages that read definitions. */
const LIGHT = ['status', 'top', 'runs', 'logs', 'events', 'wait', 'why', 'enqueue', 'cancel'].map((verb) => `lib/cli/verbs/${verb}.ts`);
const HEAVY = ['zod', 'yaml', 'pino', 'chokidar', 'ajv'];

export function heavyAnswers(sources: readonly Source[]): Finding[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const reached = new Set(LIGHT);
  const findings: Finding[] = [];
  for (const path of reached) {
    const source = byPath.get(path);
    for (const { target, isFile, isTypeOnly, isLate, node } of source === undefined ? [] : importsOf(source)) {
      if (source === undefined || target === undefined || isTypeOnly || isLate) continue;
      if (isFile) reached.add(target);
      else if (HEAVY.includes(packageOf(target)))
        findings.push({
          path,
          line: lineOf(source, node),
          found: `an everyday answer loads ${target} through this file`,
          instead: 'load it with import() where it is needed, as lib/app/answers/open-incidents.ts does',
        });
    }
  }
  return findings;
}
