import { CadenceError } from '../../core/error.ts';

/**
 * The XML form of a property list, read strictly: dict, array, string, integer, real, true, false, date, data. Entities
 * are the five of XML and numbers; nothing is fetched, and a DOCTYPE says nothing.
 */
export function readPlist(text: string): unknown {
  if (text.startsWith('bplist')) throw refused('it is a binary property list', 'Turn it into XML first: plutil -convert xml1 -o out.plist in.plist');
  const reader = { tokens: tokensOf(text), at: 0 };
  expect(reader, '<plist>');
  const value = readValue(reader, 0);
  expect(reader, '</plist>');
  return value;
}

interface Reader {
  readonly tokens: readonly string[];
  at: number;
}

const DEEPEST = 20;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function refused(because: string, hint = 'Check it with plutil -lint, or write it anew.'): CadenceError {
  return new CadenceError('bad_data', `this property list cannot be read: ${because}`, hint);
}

/** Tags without their attributes, and the text between them. */
function tokensOf(text: string): readonly string[] {
  const plain = text
    .replace(/^\ufeff/, '')
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/<\?[\s\S]*?\?>/g, '')
    .replace(/<!DOCTYPE[^>]*>/g, '');
  const tokens: string[] = [];
  for (const [, tag, words] of plain.matchAll(/<([^<>]+)>|([^<>]+)/g)) {
    if (tag !== undefined) {
      const name = /^\/?[a-z]+/.exec(tag)?.[0];
      if (name === undefined) throw refused(`<${tag.slice(0, 40)}> is no tag of a property list`);
      tokens.push(`<${name}>`);
      if (tag.endsWith('/')) tokens.push(`</${name}>`);
    } else if (words !== undefined && words.trim() !== '') tokens.push(words);
  }
  return tokens;
}

function expect(reader: Reader, token: string): void {
  const found = reader.tokens[reader.at];
  if (found !== token) throw refused(`${token} was expected, ${found === undefined ? 'the end' : JSON.stringify(found.slice(0, 40))} was found`);
  reader.at += 1;
}

function readValue(reader: Reader, depth: number): unknown {
  if (depth > DEEPEST) throw refused('it is nested too deeply');
  const tag = reader.tokens[reader.at];
  reader.at += 1;
  switch (tag) {
    case '<dict>':
      return readDict(reader, depth);
    case '<array>':
      return readArray(reader, depth);
    case '<true>':
    case '<false>':
      expect(reader, `</${tag.slice(1)}`);
      return tag === '<true>';
    case '<integer>':
    case '<real>':
      return readNumber(reader, tag);
    case '<string>':
    case '<date>':
    case '<data>':
      return readWords(reader, tag);
    default:
      throw refused(tag === undefined ? 'it ends too early' : `${JSON.stringify(tag.slice(0, 40))} is no value`);
  }
}

function readDict(reader: Reader, depth: number): Readonly<Record<string, unknown>> {
  const pairs: [string, unknown][] = [];
  while (reader.tokens[reader.at] !== '</dict>') {
    expect(reader, '<key>');
    pairs.push([readWords(reader, '<key>'), readValue(reader, depth + 1)]);
  }
  reader.at += 1;
  return Object.fromEntries(pairs);
}

function readArray(reader: Reader, depth: number): readonly unknown[] {
  const items: unknown[] = [];
  while (reader.tokens[reader.at] !== '</array>') items.push(readValue(reader, depth + 1));
  reader.at += 1;
  return items;
}

function readNumber(reader: Reader, tag: string): number {
  const number = Number(readWords(reader, tag).trim());
  if (Number.isNaN(number)) throw refused(`${tag} holds no number`);
  return number;
}

function readWords(reader: Reader, tag: string): string {
  const next = reader.tokens[reader.at] ?? '';
  const words = next.startsWith('<') ? '' : next;
  if (words !== '') reader.at += 1;
  expect(reader, `</${tag.slice(1)}`);
  return words.replace(/&(#x[0-9a-fA-F]+|#\d+|\w+);/g, (whole, name: string) => {
    const code = name.startsWith('#x') ? Number.parseInt(name.slice(2), 16) : name.startsWith('#') ? Number(name.slice(1)) : undefined;
    if (code !== undefined) return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '';
    const known = ENTITIES[name];
    if (known === undefined) throw refused(`the entity ${whole} is not known`);
    return known;
  });
}
