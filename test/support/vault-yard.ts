import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';

export interface ReadNote {
  readonly front: Readonly<Record<string, unknown>>;
  readonly body: string;
  /** Where its links lead; what stands in code is none. */
  readonly links: readonly string[];
  /** Tags in its text. */
  readonly tags: readonly string[];
}

/** As a reader of Markdown takes it: front matter is YAML, and what stands in code is nothing but text. */
export function readNote(text: string): ReadNote {
  const found = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(text);
  assert.ok(found !== null, `no front matter: ${text.slice(0, 200)}`);
  const document = parseDocument(found[1] ?? '');
  assert.deepEqual([document.errors, document.warnings], [[], []], text);
  const plain = withoutCode(found[2] ?? '');
  return {
    front: document.toJS() as ReadNote['front'],
    body: found[2] ?? '',
    links: [...plain.matchAll(/\[\[([^\]|]*)(?:\|[^\]]*)?\]\]/g)].map(([, path]) => path ?? ''),
    tags: [...plain.matchAll(/(?:^|\s)#([\w/-]+)/g)].map(([, tag]) => tag ?? ''),
  };
}

function withoutCode(body: string): string {
  const kept: string[] = [];
  let fence: string | undefined;
  for (const line of body.split('\n')) {
    const ticks = /^(`{3,})/.exec(line)?.[1];
    if (fence !== undefined) {
      if (ticks !== undefined && ticks.length >= fence.length && line.trim() === ticks) fence = undefined;
      continue;
    }
    if (ticks !== undefined && !line.slice(ticks.length).includes('`')) fence = ticks;
    else kept.push(line.replace(/(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)/g, 'code'));
  }
  assert.equal(fence, undefined, 'a fence that is opened is closed');
  return kept.join('\n');
}

/** The notes in a folder, by their place in it; `.md` is left out. */
export function notesIn(dir: string): ReadonlyMap<string, string> {
  if (!existsSync(dir)) return new Map();
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.md'));
  return new Map(files.toSorted().map((file) => [file.slice(0, -'.md'.length), readFileSync(`${dir}/${file}`, 'utf8')]));
}

/** Each link leads to a note that is there. */
export function assertLinked(notes: ReadonlyMap<string, string>): void {
  for (const [path, text] of notes) for (const link of readNote(text).links) assert.ok(notes.has(link), `${path} leads to ${link}, which is not there`);
}
