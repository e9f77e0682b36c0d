/**
 * What files that lie in one may have in common. A file takes each name out of the object of another, some hundreds of times in a short
 * command, and each time V8 looks the name up, for it has met none of them before. Here such a name is one variable of both, and the
 * object is made when somebody asks who is not among them.
 */

/** As .build/commonjs.mjs writes them. */
const TAKEN = /^const \{ ([^{}]*) \} = require\("(\.\/[^"]+)"\);$/gm;
const BEGUN = /^var (import_\w+) = require\("(\.\/[^"]+)"\);$/gm;
const GIVEN = /^module\.exports = \{\n((?: {2}[\w$]+(?:: [\w$]+)?,?\n)+)\};\s*$(?![\s\S])/m;

/** `texts`: by name. Answers with the texts that take from each other by variables, and with the names of these. */
export function linked(texts) {
  const givers = new Map([...texts].flatMap(([name, text]) => (GIVEN.test(text) ? [[name, givenBy(text)]] : [])));
  const variables = new Map();
  const takers = [...texts].map(([name, text]) => [name, takingByVariable(text, givers, variables)]);
  return {
    texts: new Map(takers.map(([name, text]) => [name, givers.has(name) ? givingLater(text, name, givers, variables) : text])),
    variables: [...variables.keys()],
  };
}

/** By the name that others take it by, what it is called in the file. */
function givenBy(text) {
  const [, list] = GIVEN.exec(text);
  return new Map([...list.matchAll(/^ {2}([\w$]+)(?:: ([\w$]+))?/gm)].map(([, name, own = name]) => [name, own]));
}

function takingByVariable(text, givers, variables) {
  const taken = text.replaceAll(TAKEN, (line, list, from) => {
    const pairs = list.split(', ').map((pair) => pair.split(': '));
    if (!givers.has(from) || pairs.some(({ length }) => length !== 2)) return line;
    for (const [name, variable] of pairs) {
      if (!givers.get(from).has(name)) throw new Error(`${from} does not give ${name}`);
      const known = variables.get(variable);
      if (known !== undefined && (known.from !== from || known.name !== name))
        throw new Error(`${variable} would mean two things: of ${known.from} and of ${from}`);
      variables.set(variable, { from, name });
    }
    return `require.begin(${JSON.stringify(from)});`;
  });
  return taken.replaceAll(BEGUN, (line, variable, from) =>
    givers.has(from) && taken.split(variable).length === 2 ? `require.begin(${JSON.stringify(from)});` : line,
  );
}

function givingLater(text, name, givers, variables) {
  const own = [...variables].filter(([, { from }]) => from === name);
  const set = own.map(([variable, of]) => `${variable} = ${givers.get(name).get(of.name)};\n`);
  return text.replace(GIVEN, (_, list) => `module.give = () => ({\n${list}});\n${set.join('')}`);
}
