/** What a text says as JSON; undefined, which no JSON stands for, where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const LONE_HALF = /(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/g;

/** JSON of our own, whose texts were cut by whoever wrote them: half a character is an escape in it, at which most readers but ours refuse all of it. */
export function wellFormed(json: string): string {
  return json.includes('\\ud') ? json.replace(LONE_HALF, '$1\\ufffd') : json;
}
