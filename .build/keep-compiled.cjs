'use strict';
/** Loaded before the program (`node --require`): keeps, when it ends, what V8 made of each of its files, and writes down which these were. */
const { renameSync, writeFileSync } = require('node:fs');
const { basename, join } = require('node:path');
const v8 = require('node:v8');
const vm = require('node:vm');
const { pack } = require('./packing.cjs');

// What is made under other flags than a start has, no start would be given.
v8.setFlagsFromString = () => undefined;

const { KEEP_COMPILED_IN: into, KEEP_NAMES_IN: names } = process.env;
const scripts = new Map();

vm.Script = class extends vm.Script {
  constructor(source, options) {
    super(source, options);
    scripts.set(options.filename, { script: this, source });
  }
};

// V8 believes what it finds in such a file, so a power cut must not leave half of one.
function keep(path, bytes) {
  writeFileSync(`${path}.new`, bytes, { flush: true });
  renameSync(`${path}.new`, path);
}

process.on('exit', () => {
  for (const [filename, { script, source }] of scripts) {
    const compiled = script.createCachedData();
    if (filename.endsWith('.packed')) keep(filename, pack(source, compiled));
    else keep(join(into, `${basename(filename)}.bin`), compiled);
  }
  writeFileSync(names, JSON.stringify([...scripts.keys()].map((filename) => `./${basename(filename)}`)));
});
