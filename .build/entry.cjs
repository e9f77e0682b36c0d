#!/usr/bin/env node
'use strict';
/**
 * Starts the program, which lies in `chunks/`. To parse and compile it is most of what a short command costs, so the build
 * leaves in `compiled/` what the V8 of the very same Node made of it (.build/compiling.mjs). V8 refuses what another V8 has
 * made; such a file, and one that is not there, costs time and nothing else. Where the build ran with another Node, or was
 * somebody else's, Node keeps its own compiled form there from 22.1 on.
 */
const { existsSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

const chunks = join(__dirname, 'chunks');
const compiled = join(__dirname, 'compiled', `${process.version}-${process.platform}-${process.arch}`);

if (existsSync(compiled)) createLoader(require('node:vm').Script)('./program.js');
else {
  require('node:module').enableCompileCache?.(join(__dirname, 'compiled'));
  require('./chunks/program.js');
}

/** As `require` among the chunks. */
function createLoader(Script) {
  const modules = new Map();
  function load(name) {
    if (!name.startsWith('./')) return require(name);
    // What is compiled ahead does not know how to import: this one file is Node's.
    if (name === './import.js') return require('./chunks/import.js');
    const known = modules.get(name);
    if (known !== undefined) return known.exports;
    const module = { exports: {} };
    modules.set(name, module);
    const filename = join(chunks, name);
    const cache = join(compiled, `${name}.bin`);
    const source = `(function (exports, require, module, __filename, __dirname) { ${readFileSync(filename, 'utf8')}\n})`;
    const script = new Script(source, { filename, cachedData: existsSync(cache) ? readFileSync(cache) : undefined });
    script.runInThisContext().call(module.exports, module.exports, load, module, filename, chunks);
    return module.exports;
  }
  return load;
}
