/**
 * Which modules to put into one file. Every start loads the first entry and one other, and pays for each file and for each
 * byte in them, wanted or not. Modules that the same starts want belong together; then the two groups that save most are
 * joined, for as long as joining saves anything. The first entry alone is a start too, the shortest one: nothing is put
 * beside what it loads.
 */

/** To find, open and link one more file takes about as long as to read so many bytes of code. */
const FILE_BYTES = 24 * 1024;

/** `graph`: by path, the bytes of a module and the paths of the modules that are loaded with it. */
export function inFewGroups(graph, entries) {
  let groups = wantedAlike(graph, entries);
  let { cost, users } = priceOf(graph, entries, groups);
  const refused = new Set();
  for (;;) {
    const pair = bestPair(groups, users, refused);
    if (pair === undefined) break;
    const [a, b] = pair.map((index) => groups[index]);
    const joined = [...groups.filter((group) => group !== a && group !== b), { ...a, bytes: a.bytes + b.bytes, paths: [...a.paths, ...b.paths] }];
    const after = priceOf(graph, entries, joined);
    if (after.cost < cost) {
      groups = joined;
      ({ cost, users } = after);
    } else refused.add(`${a.id} ${b.id}`);
  }
  const wantedBy = new Map(entries.map((entry, bit) => [entry, [...groups.keys()].filter((index) => users[index][bit] === 1)]));
  return { groups: groups.map(({ paths }) => paths), wantedBy };
}

/** One group for each set of entries. What only one entry wants needs no group: it comes to lie in the file of the entry. */
function wantedAlike(graph, entries) {
  const wanting = new Map();
  for (const [bit, entry] of entries.entries())
    for (const path of needsOf([entries[0], entry], (one) => graph.get(one).needs)) wanting.set(path, [...(wanting.get(path) ?? []), bit]);
  const groups = new Map();
  for (const [path, bits] of wanting) {
    const id = bits.join();
    const group = groups.get(id) ?? { id, isShared: bits.length > 1, bytes: 0, paths: [] };
    groups.set(id, { ...group, bytes: group.bytes + graph.get(path).bytes, paths: [...group.paths, path] });
  }
  return [...groups.values()];
}

/** What all starts pay together, and who loads each group: a group brings with it whatever one of its modules needs. */
function priceOf(graph, entries, groups) {
  const groupOf = new Map(groups.flatMap((group, index) => group.paths.map((path) => [path, index])));
  const needs = groups.map((group) => [...new Set(group.paths.flatMap((path) => graph.get(path).needs.map((need) => groupOf.get(need))))]);
  const users = groups.map(() => new Uint8Array(entries.length));
  let cost = 0;
  for (const [bit, entry] of entries.entries()) {
    for (const index of needsOf(
      [entries[0], entry].map((path) => groupOf.get(path)),
      (one) => needs[one],
    )) {
      users[index][bit] = 1;
      cost += groups[index].bytes + FILE_BYTES;
    }
  }
  return { cost, users };
}

/** By what joining them saves, where it brings nothing else with it; nothing that saves is missed, and the price decides. */
function bestPair(groups, users, refused) {
  let best = { saved: 0, pair: undefined };
  for (let a = 0; a < groups.length; a += 1) {
    for (let b = a + 1; b < groups.length; b += 1) {
      if (!groups[a].isShared || !groups[b].isShared || refused.has(`${groups[a].id} ${groups[b].id}`)) continue;
      if (users[a][0] !== users[b][0]) continue;
      let saved = 0;
      for (let bit = 0; bit < users[a].length; bit += 1) {
        const [isA, isB] = [users[a][bit], users[b][bit]];
        if (isA === 1 && isB === 1) saved += FILE_BYTES;
        else if (isA === 1) saved -= groups[b].bytes;
        else if (isB === 1) saved -= groups[a].bytes;
      }
      if (saved > best.saved) best = { saved, pair: [a, b] };
    }
  }
  return best.pair;
}

function needsOf(first, needs) {
  const all = new Set(first);
  for (const one of all) for (const next of needs(one)) all.add(next);
  return all;
}
