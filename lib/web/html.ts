import type { PageRow, PageSection, PageTarget } from '../app/page-words.ts';
import { toVisible } from '../core/text/excerpt.ts';

/** HTML, made here and nowhere else: whatever comes from the bus goes through `text` or `painted`. */

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Nothing that a browser would obey: no markup, no control character, nothing that turns the direction of what stands beside it. */
export function text(words: string): string {
  return toVisible(words).replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
}

/** The colours of the command line, as `createOutput` knows them; every other escape is text. */
const COLOUR = /\u001b\[([012]|3[12346])m/;
const CLASSES: Readonly<Record<string, string>> = { 1: 'bold', 2: 'dim', 31: 'red', 32: 'green', 33: 'yellow', 34: 'blue', 36: 'cyan' };

/** Words with our colours in them. However they are nested, what is opened is closed. */
export function painted(words: string): string {
  let open = 0;
  const parts = words.split(COLOUR).map((part, index) => {
    if (index % 2 === 0) return text(part);
    const name = CLASSES[part];
    if (name === undefined) {
      const ends = '</span>'.repeat(open);
      open = 0;
      return ends;
    }
    open += 1;
    return `<span class="${name}">`;
  });
  return parts.join('') + '</span>'.repeat(open);
}

/** Only what may be asked for becomes a link; every id is one of letters, digits, `.` and `-`. */
export function link({ kind, id }: Pick<PageTarget, 'kind' | 'id'>, inner: string): string {
  return /^[A-Za-z0-9][A-Za-z0-9.-]{0,199}$/.test(id) ? `<a href="/${kind}/${id}">${inner}</a>` : inner;
}

/** To be copied: one click selects all of it. */
export function command(words: string): string {
  return `<code class="command">${text(words)}</code>`;
}

export function commands(all: readonly string[]): string {
  return all.length === 0 ? '' : `<ul class="commands">${all.map((one) => `<li>${command(one)}</li>`).join('')}</ul>`;
}

export function row({ cells, to }: PageRow): string {
  const inner = cells.map((cell, index) => {
    const words = painted(cell);
    return `<span>${to?.cell === index && cell !== '' ? link(to, words) : words}</span>`;
  });
  return `<li>${inner.join('')}</li>`;
}

export interface Listed {
  readonly title: string;
  readonly count?: number;
  readonly rows: readonly PageRow[];
  /** What is left out, in words. */
  readonly more?: string;
}

export function list({ title, count, rows, more = '' }: Listed): string {
  const number = count === undefined ? '' : ` <span class="dim">${count}</span>`;
  const rest = more === '' ? '' : `<p class="dim">${text(more)}</p>`;
  return `<section><h2>${text(title)}${number}</h2><ul class="rows">${rows.map(row).join('')}</ul>${rest}</section>`;
}

/** Of a log the newest stands on top here: whoever opens a page looks there first. */
export function section({ label, rows, count, isLog }: PageSection, most: number, all: string): string {
  const shown = isLog === true ? rows.slice(-most).toReversed() : rows.slice(0, most);
  const left = rows.length - shown.length;
  const more = left <= 0 || isLog === true ? '' : `and ${left} more; all of them: ${all}`;
  return list({ title: label, rows: shown, more, ...(isLog === true || count < 2 ? {} : { count }) });
}

export function words(title: string, told: string): string {
  return `<section><h2>${text(title)}</h2><pre>${painted(told)}</pre></section>`;
}
