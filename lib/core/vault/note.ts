import { toVisible, truncate } from '../text/excerpt.ts';
import { fenced } from '../text/fence.ts';
import { parseIso, toIso } from '../time/instant.ts';

/**
 * A note of the vault, plain Markdown with front matter, as Obsidian and every other reader takes it. What comes from
 * outside stands in code alone, between backticks of a number that is not in it, or in quotes as JSON has them: so
 * nothing in it is a link, a tag, a heading or the end of the front matter.
 */
export interface Note {
  /** `incidents/<id>`: its place in the vault, without `.md`. */
  readonly path: string;
  readonly type: 'index' | 'graph' | 'cadence' | 'incident' | 'attempt' | 'pattern' | 'run' | 'dead';
  /** Names of ours; values from anywhere. What is undefined is left out. */
  readonly front: Readonly<Record<string, FrontValue | undefined>>;
  readonly tags: readonly string[];
  /** Markdown. */
  readonly title: string;
  /** Markdown, paragraph by paragraph. */
  readonly body: readonly string[];
}

type FrontValue = string | number | null | readonly string[];

/** Folders in which the notes lie, besides the two that lie above them. */
export const VAULT_FOLDERS = ['cadences', 'incidents', 'attempts', 'patterns', 'runs', 'dead'] as const;

const MARK = 'generated_by: cadence-bus';
const OPENING = `---\n${MARK}\n`;
const OUR_LINE = /^generated_by:[ \t]*(?:cadence-bus|"cadence-bus"|'cadence-bus')[ \t]*$/;
/** Where the front matter of a note is looked for. */
export const HEAD_BYTES = 4_096;

export function formatNote({ type, front, tags, title, body }: Note): string {
  const fields = Object.entries({ type, ...front, tags }).flatMap(([name, value]) => (value === undefined ? [] : [fieldOf(name, value)]));
  const shown = tags.length === 0 ? [] : [tags.map((tag) => `#${tag}`).join(' ')];
  return `${OPENING}${fields.join('')}---\n\n${[`# ${title}`, ...shown, ...body].map((part) => part.trimEnd()).join('\n\n')}\n`;
}

/** A text of JSON is one of YAML too, once what YAML takes for the end of a line is written as JSON may write it. */
function fieldOf(name: string, value: FrontValue): string {
  if (typeof value === 'object' && value !== null)
    return value.length === 0 ? `${name}: []\n` : `${name}:\n${value.map((one) => `  - ${quoted(one)}\n`).join('')}`;
  return `${name}: ${typeof value === 'string' ? quoted(value) : String(value)}\n`;
}

function quoted(text: string): string {
  return JSON.stringify(oneLine(text));
}

/** Whether a file of the vault was written here, by the beginning of its text: its front matter says so, and nothing else does. */
export function isOwnHead(head: string): boolean {
  const [first, ...lines] = head.split(/\r?\n/);
  const end = lines.indexOf('---');
  return first === '---' && lines.slice(0, end < 0 ? undefined : end).some((line) => OUR_LINE.test(line));
}

/** Emptied, or cut off before it could say whose it is, as a disk leaves it that has lost what was written: no words of anybody. */
export function isLostHead(head: string): boolean {
  return /^\0*$/.test(head) || OPENING.startsWith(head);
}

const WIDTH = 300;
const LONG = 6_000;

/** Words from outside, within a line. */
export function code(text: string): string {
  const words = truncate(oneLine(text), WIDTH) || '(nothing)';
  const longest = Math.max(0, ...[...words.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const edge = words.startsWith('`') || words.endsWith('`') ? ' ' : '';
  return `${fence}${edge}${words}${edge}${fence}`;
}

/** Words from outside, in lines of their own. */
export function block(text: string): string {
  const words = visible(text)
    .replace(/[\u2028\u2029]/g, '\n')
    .trimEnd();
  return fenced(truncate(words, LONG), 'text');
}

/** Half a character cannot be written to a file as it is. */
const LONE_HALF = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

function visible(text: string): string {
  return toVisible(text).replace(LONE_HALF, '\ufffd');
}

function oneLine(text: string): string {
  return visible(text)
    .replace(/[\n\t\u2028\u2029]+/g, ' ')
    .trim();
}

/** An instant; what is none stands there as it is told. */
export function instant(text: unknown): string {
  const ms = parseIso(text);
  if (ms === undefined) return typeof text === 'string' ? code(text) : 'an unknown time';
  return `${toIso(ms).slice(0, 19).replace('T', ' ')}Z`;
}

/** One word of ours, as files tell it. */
export function word(text: string): string {
  return /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$/.test(text) ? text.replaceAll('_', ' ') : code(text);
}

export function tag(kind: string, name: string): string {
  return `${kind}/${name.replace(/[^A-Za-z0-9_-]+/g, '-') || 'unknown'}`;
}

/** To a note that there is; a note that there is not is only named. */
export type Link = (path: string, label?: string) => string;

export function createLink(paths: ReadonlySet<string>): Link {
  return (path, label = path.slice(path.indexOf('/') + 1)) => (paths.has(path) ? `[[${path}|${label}]]` : code(label));
}

export function bullets(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n');
}

/** A heading and what stands under it; none where there is nothing to stand there. */
export function section(title: string, items: readonly string[], most = Number.POSITIVE_INFINITY): readonly string[] {
  if (items.length === 0) return [];
  const left = items.length - most;
  return [`## ${title}`, bullets(items.slice(0, most)), ...(left > 0 ? [`and ${left} more`] : [])];
}
