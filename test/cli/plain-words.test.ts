import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { parseLine } from '../../lib/cli/command-line.ts';
import { COMMANDS, GLOBAL_FLAGS } from '../../lib/cli/commands.ts';
import { CadenceError } from '../../lib/core/error.ts';

/** Words that are right, wrong and in doubt, for this command and for any. */
function wordsFor(names: readonly string[]): fc.Arbitrary<readonly string[]> {
  const name = fc.constantFrom(...names, 'nope', '__proto__', 'constructor', '');
  const value = fc.constantFrom('', '1', '-1', 'a=b', '--json', '{"x":"y"}', 'ü');
  const word = fc.oneof(
    name.map((one) => `--${one}`),
    fc.tuple(name, value).map(([one, of]) => `--${one}=${of}`),
    fc.constantFrom('x', 'morning-brief', '', '-', '--', '-v', '-vv', '-h', '-x', '-=', '--=', 'a=b', '__proto__'),
  );
  return fc.array(word, { maxLength: 6 });
}

describe('the words of a command line', () => {
  it('name a flag that all have by a name that no verb has for one of its own', () => {
    const everywhere = new Set(GLOBAL_FLAGS.map(({ name }) => name));
    assert.deepEqual(
      COMMANDS.flatMap((spec) => spec.flags.filter(({ name }) => everywhere.has(name)).map(({ name }) => `${spec.name} --${name}`)),
      [],
    );
  });

  for (const spec of COMMANDS)
    it(`of ${spec.name} mean what Node's own parser reads in them, and what it refuses is refused`, () => {
      const known = [...spec.flags, ...GLOBAL_FLAGS];
      const options = Object.fromEntries(
        known.map(({ name, short, value, isRepeatable = false }) => [
          name,
          { type: value === undefined ? ('boolean' as const) : ('string' as const), multiple: isRepeatable, ...(short === undefined ? {} : { short }) },
        ]),
      );
      const byNode = (words: readonly string[]): ReturnType<typeof parseArgs> | undefined => {
        try {
          return parseArgs({ args: [...words], options, allowPositionals: true, strict: true });
        } catch (error) {
          assert.ok(error instanceof TypeError);
          return undefined;
        }
      };
      fc.assert(
        fc.property(wordsFor(known.map(({ name }) => name)), (words) => {
          const expected = byNode(words);
          if (expected === undefined) {
            assert.throws(() => parseLine(spec, words), CadenceError);
            return;
          }
          const { flags, words: rest } = parseLine(spec, words);
          assert.deepEqual(rest, expected.positionals);
          for (const { name } of known) {
            const value: unknown = expected.values[name];
            assert.deepEqual(
              [flags.has(name), flags.text(name), flags.texts(name)],
              [value === true, typeof value === 'string' ? value : undefined, Array.isArray(value) ? value : []],
              name,
            );
          }
        }),
        { numRuns: 60 },
      );
    });
});
