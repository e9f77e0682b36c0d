/**
 * A Markdown file: a prompt, and before it, between two lines of `---`, what the program is to know about it.
 * Runners use the same function, so that what is sent as the prompt is what was checked.
 */
export interface Markdown {
  readonly front: { readonly text: string; readonly firstLine: number } | undefined;
  readonly body: string;
  /** The line in which the body begins. */
  readonly bodyLine: number;
  /** The first line opens front matter that never ends. */
  readonly isUnclosed: boolean;
}

const FENCE = /^---[ \t]*(?:\r?\n|$)/;
const CLOSING = /^---[ \t]*(?:\r?\n|$)/gm;

/** The same file with other front matter; where it had none, it gets some. What has none left loses its fences, too. */
export function withFrontMatter(withBom: string, front: string): string {
  const bom = withBom.startsWith('\ufeff') ? '\ufeff' : '';
  const { front: old, body } = splitFrontMatter(withBom);
  if (front.trim() === '') return bom + body;
  if (old === undefined) return `${bom}---\n${front}---\n${body}`;
  const text = withBom.slice(bom.length);
  const opening = FENCE.exec(text)?.[0] ?? '';
  return bom + opening + front + text.slice(opening.length + old.text.length);
}

export function splitFrontMatter(withBom: string): Markdown {
  const text = withBom.startsWith('\ufeff') ? withBom.slice(1) : withBom;
  const opening = FENCE.exec(text)?.[0];
  if (opening === undefined) return { front: undefined, body: text, bodyLine: 1, isUnclosed: false };
  CLOSING.lastIndex = opening.length;
  const closing = CLOSING.exec(text);
  if (closing === null) return { front: undefined, body: text, bodyLine: 1, isUnclosed: true };
  const front = text.slice(opening.length, closing.index);
  return {
    front: { text: front, firstLine: 2 },
    body: text.slice(closing.index + closing[0].length),
    bodyLine: front.split('\n').length + 2,
    isUnclosed: false,
  };
}
