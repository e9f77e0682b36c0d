/** What a key asks for; a key that means nothing asks for nothing. */
export type Wish = 'quit' | 'help' | 'down' | 'up' | 'page_down' | 'page_up' | 'end' | 'home';

/** A key of many bytes is one: an arrow begins with the byte of Escape, and ends no view. */
const KEY = /\u001b(?:\[[0-9;]*[A-Za-z~]|O[A-Za-z])?|[^\u001b]/gsu;

const WISHES: Readonly<Record<string, Wish>> = {
  q: 'quit',
  '?': 'help',
  ...{ j: 'down', '\u001b[B': 'down', '\u001bOB': 'down', '\r': 'down' },
  ...{ k: 'up', '\u001b[A': 'up', '\u001bOA': 'up' },
  ...{ ' ': 'page_down', '\u001b[6~': 'page_down' },
  ...{ b: 'page_up', '\u001b[5~': 'page_up' },
  ...{ G: 'end', '\u001b[F': 'end', '\u001bOF': 'end', '\u001b[4~': 'end' },
  ...{ g: 'home', '\u001b[H': 'home', '\u001bOH': 'home', '\u001b[1~': 'home' },
};

/** Of each key that was typed its wish, in their order. */
export function wishesOf(typed: string): readonly (Wish | undefined)[] {
  return [...typed.matchAll(KEY)].map(([key]) => (Object.hasOwn(WISHES, key) ? WISHES[key] : undefined));
}

/** Where somebody looks, and at what. */
export interface Gaze {
  readonly scroll: number;
  readonly isHelp: boolean;
}

/** Where somebody looks after a key; undefined: nowhere any more. */
export function turn(
  { scroll, isHelp }: Gaze,
  wish: Wish | undefined,
  { page, lastScroll }: { readonly page: number; readonly lastScroll: number },
): Gaze | undefined {
  if (wish === 'quit') return undefined;
  if (isHelp) return { scroll, isHelp: false };
  const to = (line: number): Gaze => ({ scroll: Math.max(0, Math.min(lastScroll, line)), isHelp: false });
  switch (wish) {
    case undefined:
      return { scroll, isHelp };
    case 'help':
      return { scroll, isHelp: true };
    case 'down':
      return to(scroll + 1);
    case 'up':
      return to(scroll - 1);
    case 'page_down':
      return to(scroll + page);
    case 'page_up':
      return to(scroll - page);
    case 'end':
      return to(lastScroll);
    case 'home':
      return to(0);
  }
}
