/** Text of a child, made fit to show: nothing that a terminal would obey, nothing endless. */

const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Control characters become visible (`\x1b`), tabs and newlines stay; `\r\n` is one newline. */
export function toVisible(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(CONTROL, (char) => {
    const code = char.charCodeAt(0);
    return code > 0xff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\x${code.toString(16).padStart(2, '0')}`;
  });
}

const COLOURS = /\u001b\[[0-9;]*[A-Za-z]/g;

/** What a program writes for a terminal alone, such as its colours, says nothing and is left out. */
export function withoutColours(text: string): string {
  return text.includes('\u001b') ? text.replace(COLOURS, '') : text;
}

/** The last `count` lines that say something, each at most `width` characters. A progress bar's `\r` ends a line. */
export function lastLines(text: string, count: number, width = 300): readonly string[] {
  const lines = text
    .split(/\r\n|\n|\r/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.slice(-count).map((line) => truncate(toVisible(line), width));
}

export function truncate(text: string, width: number): string {
  return text.length <= width ? text : `${beginning(text, width - 1)}…`;
}

/** At most so many characters of it, and no half of one: what half an emoji stands in is no text to Telegram, nor to the API of a model. */
export function beginning(text: string, length: number): string {
  return text.slice(0, isInside(text, length) ? length - 1 : length);
}

/** The same from the end. */
export function ending(text: string, length: number): string {
  const from = Math.max(0, text.length - length);
  return text.slice(isInside(text, from) ? from + 1 : from);
}

function isInside(text: string, at: number): boolean {
  return at > 0 && /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(at - 1, at + 1));
}
