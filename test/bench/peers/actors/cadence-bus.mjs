/** The program itself, by its library; its owner is a process of its own, so the harness drains. `place` is `<library>\n<root>`. */
export async function open(_need, place) {
  const [library, root] = place.split('\n');
  const { enqueue } = await import(library);
  return {
    addMany: (count) => Promise.all(Array.from({ length: count }, () => enqueue('flat', { root }))),
    addOne: () => enqueue('flat', { root }),
    close: async () => undefined,
  };
}
