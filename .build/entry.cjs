#!/usr/bin/env node
'use strict';
/**
 * Starts the program, which lies in `chunks/`. To parse and compile it is most of what a short command costs, so the build
 * leaves in `compiled/` what the V8 of the very same Node made of it (.build/compiling.mjs), and what a common verb loads in one
 * file. V8 refuses what another V8 has made; such a file, and one that is not there, costs time and nothing else. Where the
 * build ran with another Node, or was somebody else's, Node keeps its own compiled form there from 22.1 on.
 *
 * Each part of Node that is called here for the first time is compiled then, so few are.
 */
const { existsSync, readFileSync } = require('node:fs');

const chunks = `${__dirname}/chunks`;
const compiled = `${__dirname}/compiled/${process.version}-${process.platform}-${process.arch}`;

if (existsSync(compiled)) createLoader(require('node:vm').Script)('./program.js');
else {
  require('node:module').enableCompileCache?.(`${__dirname}/compiled`);
  require('./chunks/program.js');
}

/** As `require` among the chunks. */
function createLoader(Script) {
  const modules = new Map();
  const verb = process.argv[2];
  // The word is anybody's: it names a file here, and none elsewhere.
  const ofVerb = /^[a-z-]+$/.test(verb) ? `${compiled}/${verb}.packed` : '';
  const together = existsSync(ofVerb) ? unpack(ofVerb) : {};

  /** What .build/packing.cjs has packed. */
  function unpack(path) {
    const bytes = readFileSync(path);
    const [compiledBytes, textBytes] = bytes.toString('latin1', 0, 32).split(' ').map(Number);
    const at = 32 + compiledBytes;
    if (bytes.length !== at + textBytes) return {};
    return run(bytes.toString('latin1', at), path, compiledBytes === 0 ? undefined : bytes.subarray(32, at));
  }

  function run(source, filename, cachedData) {
    return new Script(source, { filename, cachedData }).runInThisContext();
  }

  function load(name) {
    if (!name.startsWith('./')) return require(name);
    // What is compiled ahead does not know how to import: this one file is Node's.
    if (name === './import.js') return require('./chunks/import.js');
    const module = begin(name);
    if (module.give !== undefined) {
      module.exports = module.give();
      module.give = undefined;
    }
    return module.exports;
  }

  /** For who takes what he needs by other means (.build/linking.mjs). */
  load.begin = begin;

  function begin(name) {
    const known = modules.get(name);
    if (known !== undefined) return known;
    const module = { exports: {}, give: undefined };
    modules.set(name, module);
    const filename = chunks + name.slice(1);
    const start = together[name] ?? loadAlone(name, filename);
    start.call(module.exports, module.exports, load, module, filename, chunks);
    return module;
  }

  function loadAlone(name, filename) {
    const cache = `${compiled}${name.slice(1)}.bin`;
    // The files of the build are ASCII.
    const source = `(function (exports, require, module, __filename, __dirname) { ${readFileSync(filename, 'latin1')}\n})`;
    return run(source, filename, existsSync(cache) ? readFileSync(cache) : undefined);
  }
  return load;
}
