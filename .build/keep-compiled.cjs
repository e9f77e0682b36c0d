'use strict';
/** Loaded before the program (`node --require`): writes down, when it ends, what V8 made of each of its files. */
const { renameSync, writeFileSync } = require('node:fs');
const { basename, join } = require('node:path');
const v8 = require('node:v8');
const vm = require('node:vm');

// What is made under other flags than a start has, no start would be given.
v8.setFlagsFromString = () => undefined;

const into = process.env.KEEP_COMPILED_IN;
const scripts = new Map();

vm.Script = class extends vm.Script {
  constructor(source, options) {
    super(source, options);
    scripts.set(options.filename, this);
  }
};

// V8 believes what it finds in such a file, so a power cut must not leave half of one.
process.on('exit', () => {
  for (const [filename, script] of scripts) {
    const path = join(into, `${basename(filename)}.bin`);
    writeFileSync(`${path}.new`, script.createCachedData(), { flush: true });
    renameSync(`${path}.new`, path);
  }
});
