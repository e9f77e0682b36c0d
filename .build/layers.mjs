import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { inFewGroups } from './grouping.mjs';
import { lately } from './lately.mjs';

/**
 * A plugin for esbuild, because esbuild puts two modules into one file only where the very same entries want them: with
 * sixty verbs that is more than a hundred files. Here modules are put together in layers; an entry that wants one module of a layer is
 * made to want all of it, so that esbuild makes one file of them. Only modules of ours are named, for those of packages
 * come with them.
 */
export function inLayers({ inputs }, entryPoint, late) {
  const graph = new Map(Object.entries(inputs).map(([path, { bytes, imports }]) => [path, { bytes, needs: pathsOf(imports, isStatic) }]));
  const lazy = Object.values(inputs).flatMap(({ imports }) => pathsOf(imports, (one) => !isStatic(one)));
  const entries = [...new Set([entryPoint, ...lazy])];
  const { groups, wantedBy } = inFewGroups(graph, entries);
  const isOurs = (path) => !path.includes('node_modules/') && !path.startsWith('light:') && !entries.includes(path);
  const layers = groups.map((paths) => paths.filter(isOurs).map((path) => resolve(path)));
  const wanted = new Map(entries.map((entry) => [resolve(entry), wantedBy.get(entry).map((group) => `layer:${group}`)]));
  return {
    name: 'layers',
    setup(build) {
      build.onResolve({ filter: /^layer:/ }, ({ path }) => ({ path, namespace: 'layer' }));
      build.onLoad({ filter: /./, namespace: 'layer' }, ({ path }) => ({ contents: importing(layers[Number(path.slice('layer:'.length))]), resolveDir: '.' }));
      build.onLoad({ filter: /\.js$/ }, ({ path }) => sourceOf(path, late, wanted.get(path)));
    },
  };
}

/** A module of ours that makes a `require` for itself means that of the bundle, where what it loads is at hand. */
function sourceOf(path, late, more = []) {
  if (!path.startsWith(resolve('dist'))) return undefined;
  const source = readFileSync(path, 'utf8').replace(/^const require = createRequire\(.*\);$/m, '');
  const keyOf = (from) => relative('.', join(dirname(path), from));
  const contents =
    late.get(relative('.', path))?.isDirect === true ? source : lately(source, (from) => (from.startsWith('.') ? late.get(keyOf(from))?.exported : undefined));
  return { contents: `${contents}\n${importing(more)}` };
}

/** As the same plugin, for a first look at what needs what. */
export const apart = (late) => ({ name: 'apart', setup: (build) => build.onLoad({ filter: /\.js$/ }, ({ path }) => sourceOf(path, late)) });

/** By path, what is loaded with a module. */
export const needsIn = ({ inputs }) => new Map(Object.entries(inputs).map(([path, { imports }]) => [path, pathsOf(imports, isStatic)]));

const isStatic = ({ kind }) => kind !== 'dynamic-import';
const pathsOf = (imports, isMeant) => imports.filter((one) => !one.external && isMeant(one)).map(({ path }) => path);
const importing = (paths) => paths.map((path) => `import ${JSON.stringify(path)};\n`).join('');
