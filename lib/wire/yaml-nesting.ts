import { Lexer } from 'yaml';

/**
 * The composer of the YAML library is recursive, and a stack that is nearly used up can make V8 abort the whole process
 * (a regular expression compiled there ends in `FATAL ERROR: RegExpCompiler Allocation failed`), which no `catch` sees.
 * So the depth is measured first, on the lexer's tokens, which takes no recursion. Their number is limited too: 250 KB of
 * brackets keep the composer busy for ten seconds, in which the owner would do nothing else.
 */
const DEEPEST = 100;
const MOST_TOKENS = 50_000;

/** The first token that lies too deep, or that is one too many; undefined: the text is safe to be parsed. */
export function findExcess(text: string): { readonly kind: 'deep' | 'long'; readonly offset: number } | undefined {
  let tokens = 0;
  const columns: number[] = [];
  let flowDepth = 0;
  let offset = 0;
  let lineStart = 0;
  for (const token of new Lexer().lex(text)) {
    const kind = token[0];
    if (kind === '[' || kind === '{') flowDepth += 1;
    else if (kind === ']' || kind === '}') flowDepth = Math.max(0, flowDepth - 1);
    else if (flowDepth === 0 && opensBlock(token)) enter(columns, offset - lineStart);
    if (columns.length + flowDepth > DEEPEST) return { kind: 'deep', offset };
    tokens += 1;
    if (tokens > MOST_TOKENS) return { kind: 'long', offset };
    if (!isMark(token)) offset += token.length;
    const lastBreak = token.lastIndexOf('\n');
    if (lastBreak >= 0) lineStart = offset - token.length + lastBreak + 1;
  }
  return undefined;
}

/** A block collection inside another stands further right, or (a list in a map) in the same column. */
function enter(columns: number[], column: number): void {
  while ((columns.at(-1) ?? -1) >= column) columns.pop();
  columns.push(column);
}

function opensBlock(token: string): boolean {
  return token === '-' || token === '?' || token === ':' || token === '\x1f';
}

/** Marks of the lexer that stand for no text of their own: document, end of a flow error, scalar follows. */
function isMark(token: string): boolean {
  return token === '\x02' || token === '\x18' || token === '\x1f';
}
