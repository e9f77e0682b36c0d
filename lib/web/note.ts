import { text } from './html.ts';

/** A note of the vault as HTML. It knows what those notes have in them, and whatever else stands there is text. */
export function noteHtml(note: string): string {
  const lines = withoutFront(note).split('\n');
  const parts: string[] = [];
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] ?? '';
    const fence = /^(`{3,})[a-z]*$/.exec(line)?.[1];
    if (fence !== undefined) {
      const end = lines.indexOf(fence, at + 1);
      const to = end < 0 ? lines.length : end;
      parts.push(`<pre>${text(lines.slice(at + 1, to).join('\n'))}</pre>`);
      at = to + 1;
    } else if (line.startsWith('- ')) {
      const rest = lines.slice(at).findIndex((one) => !one.startsWith('- '));
      const to = rest < 0 ? lines.length : at + rest;
      const items = lines.slice(at, to).map((one) => `<li>${inline(one.slice(2))}</li>`);
      parts.push(`<ul class="facts">${items.join('')}</ul>`);
      at = to;
    } else {
      if (line.trim() !== '') parts.push(lineHtml(line));
      at += 1;
    }
  }
  return parts.join('');
}

function withoutFront(note: string): string {
  const end = note.startsWith('---\n') ? note.indexOf('\n---\n') : -1;
  return end < 0 ? note : note.slice(end + '\n---\n'.length);
}

function lineHtml(line: string): string {
  const [, marks, heading] = /^(#{1,2}) (.*)$/.exec(line) ?? [];
  if (marks !== undefined) return `<h${marks.length}>${inline(heading ?? '')}</h${marks.length}>`;
  return /^(?:#[\w/-]+ ?)+$/.test(line) ? `<p class="dim">${text(line)}</p>` : `<p>${inline(line)}</p>`;
}

/** A span of code, whose words are words alone, or a link to another note. */
const SPAN = /(?<!`)(`+)(?!`)(?<code>.*?)(?<!`)\1(?!`)|\[\[(?<path>[a-z]+(?:\/[\w-]+)?)\|(?<label>[^[\]|]*)\]\]/g;

/** No line that is made here is so long; to look for spans in one that is takes its length times itself. */
const LONG_LINE = 4_000;

function inline(line: string): string {
  if (line.length > LONG_LINE) return text(line);
  let done = '';
  let at = 0;
  for (const { 0: whole, index, groups } of line.matchAll(SPAN)) {
    done += text(line.slice(at, index));
    done +=
      groups?.code === undefined ? `<a href="${hrefOf(groups?.path ?? '')}">${text(groups?.label ?? '')}</a>` : `<code>${text(groups.code.trim())}</code>`;
    at = index + whole.length;
  }
  return done + text(line.slice(at));
}

function hrefOf(path: string): string {
  return path === 'index' ? '/vault' : `/vault/${path}`;
}
