/**
 * What reads YAML and checks values by schemas takes longer to load than most commands take to answer, and most calls read
 * only what needs none of it. In the bundle a function of a heavy module is fetched when it is first called: each name
 * becomes a function that loads the module and hands the call on. So only imports can be put off that take nothing but functions, and call
 * none while they are loaded.
 */

/** Packages that make a module heavy. */
const HEAVY = /node_modules\/(?:zod|yaml|ajv|chokidar|pino|cross-spawn)\//;
const IMPORT = /^import \{([^}]*)\} from '([^']+)';$/gm;
/** Of Node itself: to load these takes a command a tenth of its time, and most start, ask and list nobody and nothing. */
const OF_NODE = {
  'node:child_process': ['execFile', 'spawn', 'spawnSync'],
  'node:fs': ['opendirSync'],
  'node:net': ['connect', 'createServer'],
  'node:os': ['homedir', 'hostname', 'uptime', 'userInfo'],
  'node:timers/promises': ['setTimeout'],
  'node:util': ['parseArgs'],
  'node:v8': ['getHeapSpaceStatistics', 'setFlagsFromString'],
};

/**
 * By path, what those modules export that may come late: all that load a heavy package themselves, and those of wire/, which
 * load one through another. `graph`: by path, what is loaded with it.
 */
export async function lateModules(graph, load) {
  const heavy = new Set([...graph.keys()].filter((path) => HEAVY.test(path)));
  const isHeavy = (path) => graph.get(path).some((need) => heavy.has(need));
  for (let size = -1; size !== heavy.size; ) {
    size = heavy.size;
    for (const path of graph.keys()) if (path.includes('/wire/') && isHeavy(path)) heavy.add(path);
  }
  const isOurs = (path) => !path.includes('node_modules/') && (heavy.has(path) || isDirect(graph.get(path)));
  return new Map(
    await Promise.all([...graph.keys()].filter(isOurs).map(async (path) => [path, { exported: await load(path), isDirect: isDirect(graph.get(path)) }])),
  );
}

/** It makes its values while it is loaded, and needs at once what it makes them of. */
const isDirect = (needs) => needs.some((need) => HEAVY.test(need));

/**
 * The source with every import put off that may be. `exportsOf` answers with all that a module exports where it may come
 * late, and with undefined where it is to come with the file that asks.
 */
export function lately(source, exportsOf) {
  let count = 0;
  return source.replaceAll(IMPORT, (line, list, from) => {
    const names = list.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim().split(/\s+as\s+/)]));
    const isNode = Object.hasOwn(OF_NODE, from);
    const exported = isNode ? undefined : exportsOf(from);
    const mayWait = ([name]) => (isNode ? OF_NODE[from].includes(name) : typeof exported?.[name] === 'function');
    const late = names.filter(mayWait);
    const early = names.filter((name) => !mayWait(name));
    // What is loaded for one name is there for all, but for the one module that Node itself puts parts of off.
    if (late.length === 0 || (early.length > 0 && from !== 'node:fs')) return line;
    count += 1;
    const module = `lately${count}`;
    const fetched = isNode ? `process.getBuiltinModule('${from}')` : `fetchedNow(import('${from}'))`;
    const handOn = late.map(([name, own = name]) => `const ${own} = (...words) => (${module} ??= ${fetched}).${name}(...words);`);
    const now = early.length === 0 ? '' : `import { ${early.map((name) => name.join(' as ')).join(', ')} } from '${from}';\n`;
    return `${now}let ${module};\n${handOn.join('\n')}`;
  });
}
