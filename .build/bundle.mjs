/**
 * Makes a few files of the compiled command line and of the packages that it needs: hundreds of small ones are most of the
 * time that a command takes. The library beside it stays as it is compiled, and finds its packages in node_modules.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { inLayers } from './layers.mjs';

/** Packages that are CommonJS ask for node's own modules with `require`, which a module of ours does not have. */
const REQUIRE = "import { createRequire as requireFor } from 'node:module'; const require = requireFor(import.meta.url);";

const options = {
  entryPoints: ['dist/bin/cadence-bus.js'],
  outdir: 'dist/bin',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  external: ['@modelcontextprotocol/server'], // optional: it may not be installed
  banner: { js: REQUIRE },
  logLevel: 'warning',
  metafile: true,
};

const { metafile: apart } = await build({ ...options, write: false });
const { metafile } = await build({ ...options, allowOverwrite: true, plugins: [inLayers(apart.inputs, options.entryPoints[0])] });

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
