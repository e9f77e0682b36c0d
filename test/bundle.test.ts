import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { inFewGroups, type Module } from '../.build/grouping.mjs';

type Made = Readonly<Record<string, readonly [bytes: number, ...needs: string[]]>>;

function graphOf(made: Made): ReadonlyMap<string, Module> {
  return new Map(Object.entries(made).map(([path, [bytes, ...needs]]) => [path, { bytes, needs }]));
}

/** The modules that lie with the entries, a group a line. */
function shared(made: Made, ...entries: readonly string[]): readonly string[] {
  const { groups } = inFewGroups(graphOf(made), entries);
  return groups
    .map((paths) =>
      paths
        .filter((path) => !entries.includes(path))
        .toSorted()
        .join(' '),
    )
    .filter((line) => line !== '');
}

describe('the files of the command line', () => {
  it('hold together what small modules several verbs want', () => {
    const made: Made = { bin: [100], a: [100, 'x', 'y'], b: [100, 'x', 'z'], c: [100, 'y', 'z'], x: [1000], y: [1000], z: [1000] };
    assert.deepEqual(shared(made, 'bin', 'a', 'b', 'c'), ['x y z']);
  });

  it('keep what is large away from those who do not want it', () => {
    const made: Made = { bin: [100], a: [100, 'x', 'large'], b: [100, 'x', 'large'], c: [100, 'x'], x: [1000], large: [400_000] };
    assert.deepEqual(shared(made, 'bin', 'a', 'b', 'c').toSorted(), ['large', 'x']);
  });

  it('put nothing small beside it that needs something large', () => {
    const made: Made = { bin: [100], a: [100, 'x', 'small'], b: [100, 'x', 'small'], c: [100, 'x'], x: [1000], small: [1000, 'large'], large: [400_000] };
    assert.ok(shared(made, 'bin', 'a', 'b', 'c').includes('x'));
  });

  it('leave the first entry alone, which every start loads', () => {
    const made: Made = { bin: [100, 'words'], a: [100, 'x', 'words'], b: [100, 'x', 'words'], words: [500], x: [500] };
    assert.deepEqual(shared(made, 'bin', 'a', 'b').toSorted(), ['words', 'x']);
  });

  it('hold every module once, and give every entry all that it needs', () => {
    const names = Array.from({ length: 12 }, (_, index) => `m${index}`);
    const module = fc.record({ bytes: fc.integer({ min: 10, max: 100_000 }), needs: fc.subarray(names, { maxLength: 3 }) });
    fc.assert(
      fc.property(fc.array(module, { minLength: 12, maxLength: 12 }), (modules) => {
        const graph = new Map(modules.map((one, index) => [names[index] as string, one]));
        const entries = names.slice(0, 5);
        const { groups, wantedBy } = inFewGroups(graph, entries);
        const held = groups.flat();
        assert.equal(new Set(held).size, held.length);
        for (const entry of entries) {
          const loaded = new Set(wantedBy.get(entry)?.flatMap((group) => groups[group] ?? []));
          const needed = new Set([entry]);
          for (const path of needed) for (const next of graph.get(path)?.needs ?? []) needed.add(next);
          assert.deepEqual(
            [...needed].filter((path) => !loaded.has(path)),
            [],
          );
        }
      }),
    );
  });
});
