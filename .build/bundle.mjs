/**
 * Makes a few files of the compiled command line and of the packages that it needs: hundreds of small ones are most of the
 * time that a command takes. The library beside it stays as it is compiled, and finds its packages in node_modules.
 */
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { asCommonJs, refuseCircles } from './commonjs.mjs';
import { keepCompiled } from './compiling.mjs';
import { lateModules } from './lately.mjs';
import { apart, inLayers, needsIn } from './layers.mjs';
import { light } from './light.mjs';

const BIN = 'dist/bin';
const CHUNKS = join(BIN, 'chunks');
const ENTRY = join(BIN, 'cadence-bus.js');

const options = {
  entryPoints: [{ in: ENTRY, out: 'program' }],
  outdir: CHUNKS,
  chunkNames: '[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  external: ['@modelcontextprotocol/server'], // optional: it may not be installed
  define: { 'import.meta.url': '__filename', 'import.meta.dirname': '__dirname' },
  logLevel: 'warning',
  metafile: true,
  write: false,
};

const { metafile: eager } = await build({ ...options, plugins: [light, apart(new Map())] });
const late = await lateModules(needsIn(eager), (path) => import(pathToFileURL(path).href));
const { metafile: first } = await build({ ...options, plugins: [light, apart(late)] });
const { metafile, outputFiles } = await build({ ...options, plugins: [light, inLayers(first, ENTRY, late)] });

const needsOf = Object.entries(metafile.outputs).map(([path, { imports }]) => [
  path,
  imports.filter(({ kind }) => kind === 'import-statement').map((one) => one.path),
]);
refuseCircles(new Map(needsOf));
mkdirSync(CHUNKS);
for (const { path, text } of outputFiles) writeFileSync(join(CHUNKS, basename(path)), asCommonJs(text, basename(path)));
writeFileSync(join(CHUNKS, 'import.js'), '"use strict";\nmodule.exports = (url) => import(url);\n');
writeFileSync(join(BIN, 'package.json'), '{ "type": "commonjs" }\n');
copyFileSync('.build/entry.cjs', ENTRY);
chmodSync(ENTRY, 0o755);

/** Their licences want to be where their code is. */
function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? 'It comes without a text of its licence.' : readFileSync(`${folder}/${file}`, 'utf8').trim();
  return `${name} ${version}, ${license}\n\n${text}\n`;
}

const folders = Object.keys(metafile.inputs).flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []);
const licences = [...new Set(folders)].sort().map(licenceOf);
writeFileSync('dist/THIRD-PARTY-LICENSES', `What dist/bin holds of other packages, under these licences.\n\n${licences.join(`\n${'─'.repeat(80)}\n\n`)}`);

keepCompiled(BIN);
