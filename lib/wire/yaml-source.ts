import { LineCounter, type ParsedNode, parseDocument, type YAMLError } from 'yaml';
import { formatKey, type KeyPath, type SourceProblem } from './problem.ts';
import { findExcess } from './yaml-nesting.ts';
import { createWalk, type Place, readValue, type Where } from './yaml-walk.ts';

/** One YAML document as plain values, with the place of every key and value in its text. */
export interface YamlSource {
  /** false: the text is no YAML; `value` says nothing and `problems` why. */
  readonly isSound: boolean;
  /** Maps, lists, texts, numbers, booleans and null; null for an empty document. */
  readonly value: unknown;
  readonly problems: readonly SourceProblem[];
  valueAt(path: KeyPath): unknown;
  /** A number or text exactly as it was written: `0644` is not 644. */
  writtenAt(path: KeyPath): string | undefined;
  /** A problem with the value at this path, or with its key; where nothing is there, with what should hold it. */
  problem(path: KeyPath, message: string, hint?: string, at?: 'key' | 'value'): SourceProblem;
}

// The library's own check of unique keys is quadratic (8 s for 250 KB), so it is off and done below.
const OPTIONS = { prettyErrors: false, uniqueKeys: false, stringKeys: true, resolveKnownTags: false, schema: 'core', logLevel: 'error' } as const;
const NOT_TEXT = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/;

/** `firstLine`: where the text begins in its file (front matter begins in line 2). */
export function readYaml(withBom: string, firstLine = 1): YamlSource {
  const text = withBom.startsWith('\ufeff') ? withBom.slice(1) : withBom;
  const lines = new LineCounter();
  const where = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1) + firstLine - 1, column: Math.max(col, 1) };
  };
  lines.addNewLine(0);
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1);
  const broken = (offset: number, message: string, hint: string) => unsound([{ ...where(offset), key: '', message, hint }]);

  const binary = text.search(NOT_TEXT);
  if (binary >= 0) return broken(binary, 'a control character, so this is no text', 'Save the file as UTF-8 text.');
  const excess = findExcess(text);
  if (excess?.kind === 'deep') return broken(excess.offset, 'nested too deeply', 'A definition needs no more than a few levels.');
  if (excess?.kind === 'long') return broken(excess.offset, 'too many words for a definition', 'Put data into files of their own.');
  const document = parseDocument(text, OPTIONS);
  const errors = [...document.errors, ...document.warnings];
  if (errors.length > 0) return unsound(errors.map((error) => ({ ...where(error.pos[0]), ...explainSyntax(error) })));
  return walkDocument(document.contents, where);
}

function unsound(problems: readonly SourceProblem[]): YamlSource {
  return {
    isSound: false,
    value: undefined,
    problems,
    valueAt: () => undefined,
    writtenAt: () => undefined,
    problem: (path, message, hint = '') => ({ line: 1, column: 1, key: formatKey(path), message, hint }),
  };
}

function walkDocument(contents: ParsedNode | null, where: Where): YamlSource {
  const places = new Map<string, Place>();
  const problems: SourceProblem[] = [];
  const problem: YamlSource['problem'] = (path, message, hint = '', at = 'value') => {
    let known = path;
    let place = places.get(JSON.stringify(known));
    while (place === undefined && known.length > 0) {
      known = known.slice(0, -1);
      place = places.get(JSON.stringify(known));
    }
    // An empty value has no place of its own that a reader would find.
    const useKey = at === 'key' || place?.found === null;
    return { ...where(place === undefined ? 0 : useKey ? place.key : place.value), key: formatKey(path), message, hint };
  };
  const walk = createWalk(places, problems, where);
  const value = readValue(walk, contents, [], contents?.range[0] ?? 0);
  return {
    isSound: walk.left > 0,
    value,
    problems,
    valueAt: (path) => places.get(JSON.stringify(path))?.found,
    writtenAt: (path) => places.get(JSON.stringify(path))?.written,
    problem,
  };
}

function explainSyntax(error: YAMLError): { readonly key: string; readonly message: string; readonly hint: string } {
  return {
    key: '',
    message: error.code === 'MULTIPLE_DOCS' ? 'a second document' : `not valid YAML: ${lowerFirst(error.message.slice(0, 200))}`,
    hint: syntaxHint(error.code),
  };
}

function syntaxHint(code: YAMLError['code']): string {
  switch (code) {
    case 'TAB_AS_INDENT':
      return 'Indent with spaces.';
    case 'MULTIPLE_DOCS':
      return 'One file is one document: remove the second "---" and what follows.';
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'MULTILINE_IMPLICIT_KEY':
      return 'Check the indentation, and put quotes around a text that has ": " in it.';
    case 'BAD_INDENT':
      return 'Check the indentation and the closing bracket.';
    case 'MISSING_CHAR':
      return 'A quote, a bracket or a colon is missing here or before.';
    case 'BAD_DQ_ESCAPE':
      return 'Use single quotes for a text with backslashes.';
    case 'TAG_RESOLVE_FAILED':
      return 'Tags (!name) are not used here; quote a text that begins with "!".';
    case 'NON_STRING_KEY':
      return 'A key is a plain word.';
    case 'BAD_SCALAR_START':
      return 'Put quotes around a text that begins with this character.';
    case 'ALIAS_PROPS':
    case 'BAD_ALIAS':
    case 'BAD_DIRECTIVE':
    case 'BAD_PROP_ORDER':
    case 'BLOCK_IN_FLOW':
    case 'DUPLICATE_KEY':
    case 'IMPOSSIBLE':
    case 'KEY_OVER_1024_CHARS':
    case 'MULTIPLE_ANCHORS':
    case 'MULTIPLE_TAGS':
    case 'RESOURCE_EXHAUSTION':
    case 'UNEXPECTED_TOKEN':
    case 'BAD_COLLECTION_TYPE':
      return 'Check this line and the one before.';
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
