/** How many columns of a terminal a text takes, and a text cut to them. Our own colours take none; whatever else a terminal obeys must be visible already. */

const TOKEN = /\u001b\[\d+m|./gsu;
const PLAIN = /^[\u0020-\u007e]*$/;
/** Marks upon the character before them, and what only joins or guides others. */
const NONE = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
/** Scripts of the East in full width, and pictures. Where terminals differ it is the wider of the two, so that a line never gets too long. */
const TWO =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]$/u;
const COLOUR_LENGTH = 4;

export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const [token] of text.matchAll(TOKEN)) width += tokenWidth(token);
  return width;
}

/** At most so many columns; what is left out is told by `…`, and a colour that was begun is ended. */
export function cutToWidth(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  if (columns < 1) return '';
  let [kept, width, isColoured] = ['', 0, false];
  for (const [token] of text.matchAll(TOKEN)) {
    width += tokenWidth(token);
    if (width > columns - 1) break;
    kept += token;
    if (token.length >= COLOUR_LENGTH) isColoured = !token.endsWith('[0m');
  }
  return `${kept}…${isColoured ? '\u001b[0m' : ''}`;
}

function tokenWidth(token: string): number {
  if (token.length >= COLOUR_LENGTH || NONE.test(token)) return 0;
  return TWO.test(token) ? 2 : 1;
}
