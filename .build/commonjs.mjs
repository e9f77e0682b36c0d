import { transformSync } from 'esbuild';

/**
 * A file of the split bundle as CommonJS, which esbuild cannot split: Node finds, reads and links such files in half the time, and
 * only of those can what was compiled be kept. esbuild turns one file into it, but makes a getter of every name, which every
 * use of it asks. Here each file takes the names that it needs once, when it is loaded; so no name that is exported may be
 * assigned again later, and no file may need itself through another. The lines that say what comes from where are kept.
 */
export function asCommonJs(esm, path) {
  const later = assignedAgain(esm);
  if (later.length > 0)
    throw new Error(`${path} exports ${later.join(', ')}, which is assigned again after it was loaded: export a function that answers with it`);
  const told = exportingOnce(importingByFunction(esm)).replaceAll(/^\/\/ (?=dist\/|node_modules\/)/gm, '//! ');
  const { code } = transformSync(told, { format: 'cjs', platform: 'node', target: 'node20', legalComments: 'inline' });
  const names = new Map();
  const body = code.replaceAll(/\(0, (import_\w+)\.(\w+)\)|\b(import_\w+)\.(\w+)/g, (_, calledFrom, called, readFrom, read) => {
    const [from, name] = [calledFrom ?? readFrom, called ?? read];
    names.set(from, (names.get(from) ?? new Set()).add(name));
    return `${from}_${name}`;
  });
  const taken = body.replaceAll(/^var (import_\w+) = (.*);$/gm, (line, from, module) => {
    const wanted = [...(names.get(from) ?? [])];
    return wanted.length === 0 ? line : `const { ${wanted.map((name) => `${name}: ${from}_${name}`).join(', ')} } = ${module};`;
  });
  return `"use strict";\n${inAscii(taken.replace(/^#!.*\n/, '').replaceAll(/^\/\/! (?=dist\/|node_modules\/)/gm, '// '))}`;
}

/** What is ASCII is read in half the time and half the memory. esbuild leaves as it is what stands in a comment or in a pattern. */
function inAscii(code) {
  return code.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * `import()` of a file of ours is a `require`, and one that lately.mjs has put off is that at once; any other stays what it is,
 * in a file that is not compiled ahead.
 */
function importingByFunction(esm) {
  return esm
    .replaceAll(/\bfetchedNow\(import\(("\.\/[^"]+")\)\)/g, 'require($1)')
    .replaceAll(/(?<![.\w$])import\(("\.\/[^"]+")\)/g, 'Promise.resolve().then(() => require($1))')
    .replaceAll(/(?<![.\w$])import\(/g, 'require("./import.js")(');
}

/** esbuild puts the exports last, and writes a name and a statement a line. */
const EXPORTS = /^export \{\n([\s\S]*?)\n\};$/m;

function exportingOnce(esm) {
  return esm.replace(EXPORTS, (_, names) => `module.exports = {\n${names.replaceAll(/^ {2}([\w$]+) as ([\w$]+)/gm, '  $2: $1')}\n};`);
}

function assignedAgain(esm) {
  const exported = EXPORTS.exec(esm)?.[1] ?? '';
  const locals = exported.split('\n').flatMap((line) => /^ {2}([\w$]+)/.exec(line)?.[1] ?? []);
  return locals.filter((name) =>
    new RegExp(`^\\s*${name.replaceAll('$', '\\$')} [-+*/%&|?]{0,3}= |\\b${name.replaceAll('$', '\\$')}(\\+\\+|--)`, 'm').test(esm),
  );
}

/** A file takes the names that it needs when it is loaded: in a circle of files one would find nothing to take. */
export function refuseCircles(needsOf) {
  const done = new Set();
  const visit = (name, above) => {
    if (above.includes(name)) throw new Error(`files of the bundle need each other in a circle: ${[...above.slice(above.indexOf(name)), name].join(' → ')}`);
    if (done.has(name)) return;
    for (const need of needsOf.get(name) ?? []) visit(need, [...above, name]);
    done.add(name);
  };
  for (const name of needsOf.keys()) visit(name, []);
}
