import { transformSync } from 'esbuild';
import { linked } from './linking.mjs';

/**
 * The files that one verb loads, in one: `{ "<name>": function (exports, require, …) {…}, … }`. Most verbs load a dozen, of each of
 * which they need a part: in one file V8 keeps what this verb calls and nothing else, and it is found and read once. `isLinked`: for who
 * is there for a moment; who goes on for long is better off with constants of its own.
 */
export function together(names, textOf, isLinked) {
  const own = new Map(names.map((name) => [name, textOf(name)]));
  const { texts, variables } = isLinked ? linked(own) : { texts: own, variables: [] };
  const files = [...texts].map(([name, text]) => `${JSON.stringify(name)}: ${wrapped(tight(text))}`).join(',\n');
  return variables.length === 0 ? `({\n${files}\n})\n` : `(() => {\nvar ${variables.join(', ')};\nreturn {\n${files}\n};\n})()\n`;
}

/** As .build/entry.cjs wraps a file that is alone. */
const wrapped = (text) => `function (exports, require, module, __filename, __dirname) { ${text}\n}`;

/** Without what is only for people. Names stay: they stand in what people are asked to report. */
const tight = (text) => transformSync(text, { minifyWhitespace: true, platform: 'node', target: 'node20', legalComments: 'none' }).code;
