/**
 * A command given as one text, split as a shell would split it, and nothing more: no variable, no pattern, no pipe. Where
 * a shell would do more than split, we refuse, for a `|` that arrives as an argument fails in silence.
 */
export type CommandWords =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'shell_syntax'; readonly found: string }
  | { readonly kind: 'unclosed'; readonly quote: string };

const SYNTAX = new Set(['|', '&', ';', '<', '>', '(', ')', '$', '`', '*', '?', '\n']);
const ASSIGNMENT = /^[A-Za-z_]\w*=/;
const PATTERN = /\[[^\]]+\]/;
/** What only a shell can do: a program of that name, where there is one, would do it to itself and be gone. */
const BUILTINS = new Set(['.', ':', '!', 'cd', 'eval', 'exec', 'exit', 'export', 'set', 'source', 'trap', 'ulimit', 'umask', 'unset']);

interface Word {
  text: string;
  /** The same word without what was quoted, which is where a shell looks for syntax. */
  bare: string;
}

export function splitCommand(command: string): CommandWords {
  const words: Word[] = [];
  let word: Word | undefined;
  for (let at = 0; at < command.length; ) {
    const char = command.charAt(at);
    if (char === ' ' || char === '\t') {
      word = undefined;
      at += 1;
      continue;
    }
    if (SYNTAX.has(char)) return { kind: 'shell_syntax', found: syntaxAt(command, at) };
    if (word === undefined) {
      word = { text: '', bare: '' };
      words.push(word);
    }
    const piece = readPiece(command, at);
    if (piece.kind !== 'piece') return piece;
    word.text += piece.text;
    word.bare += piece.isQuoted ? '' : piece.text;
    at = piece.next;
  }
  const found = wordSyntax(words);
  return found === undefined ? { kind: 'words', words: words.map(({ text }) => text) } : { kind: 'shell_syntax', found };
}

type Piece = { readonly kind: 'piece'; readonly text: string; readonly isQuoted: boolean; readonly next: number };

function readPiece(command: string, at: number): Piece | Exclude<CommandWords, { kind: 'words' }> {
  const char = command.charAt(at);
  if (char === "'") {
    const end = command.indexOf("'", at + 1);
    return end < 0 ? { kind: 'unclosed', quote: "'" } : { kind: 'piece', text: command.slice(at + 1, end), isQuoted: true, next: end + 1 };
  }
  if (char === '"') return readDoubleQuoted(command, at + 1);
  if (char === '\\')
    return at + 1 < command.length ? { kind: 'piece', text: command.charAt(at + 1), isQuoted: true, next: at + 2 } : { kind: 'unclosed', quote: '\\' };
  return { kind: 'piece', text: char, isQuoted: false, next: at + 1 };
}

/** Between double quotes a shell still expands `$` and backticks, and a backslash guards only four characters. */
function readDoubleQuoted(command: string, start: number): Piece | Exclude<CommandWords, { kind: 'words' }> {
  let text = '';
  for (let at = start; at < command.length; at++) {
    const char = command.charAt(at);
    if (char === '"') return { kind: 'piece', text, isQuoted: true, next: at + 1 };
    if (char === '$' || char === '`') return { kind: 'shell_syntax', found: syntaxAt(command, at) };
    if (char === '\\' && '"\\$`'.includes(command.charAt(at + 1) || ' ')) at += 1;
    text += command.charAt(at);
  }
  return { kind: 'unclosed', quote: '"' };
}

/** What is syntax by its place: a comment, a home folder, a pattern, a variable set for one command, a word of the shell's own. */
function wordSyntax(words: readonly Word[]): string | undefined {
  for (const [index, { text, bare }] of words.entries()) {
    if (index === 0 && ASSIGNMENT.test(bare)) return bare.slice(0, bare.indexOf('=') + 1);
    if (index === 0 && bare === text && BUILTINS.has(text)) return text;
    if (bare.startsWith('#') && text.startsWith('#')) return '#';
    if (index > 0 && bare.startsWith('~') && text.startsWith('~')) return '~';
    const pattern = PATTERN.exec(bare)?.[0];
    if (pattern !== undefined) return pattern;
  }
  return undefined;
}

function syntaxAt(command: string, at: number): string {
  const pair = command.slice(at, at + 2);
  if (pair === '$(' || pair === '&&' || pair === '||' || pair === '>>' || pair === '<<') return pair;
  return pair.charAt(0) === '\n' ? 'a line break' : pair.charAt(0);
}
