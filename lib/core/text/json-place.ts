/**
 * Where a text stops being JSON. `JSON.parse` says it in words that differ from version to version, and of a short text
 * not at all. Read only where parsing has failed.
 */
export interface JsonFault {
  readonly line: number;
  readonly column: number;
  readonly found: string;
}

type Want = 'value' | 'value_or_end' | 'key' | 'key_or_end' | 'more';
type Step = { readonly at: number; readonly want: Want } | { readonly fault: number };

const PLAIN = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const BLANK = /[ \t\n\r]*/y;

export function findJsonFault(text: string): JsonFault | undefined {
  const open: string[] = [];
  let step: Step = { at: 0, want: 'value' };
  for (;;) {
    const at = skipBlank(text, step.at);
    if (step.want === 'more' && open.length === 0) return at === text.length ? undefined : faultAt(text, at);
    step = take(text, at, step.want, open);
    if ('fault' in step) return faultAt(text, step.fault);
  }
}

/** The same in words, which are ours on every Node. What is one line needs no number of it. */
export function describeJsonFault(text: string): string {
  const fault = findJsonFault(text);
  if (fault === undefined) return 'nobody can say where';
  return `${text.trimEnd().includes('\n') ? `line ${fault.line}, ` : ''}column ${fault.column}: found ${fault.found}`;
}

function take(text: string, at: number, want: Want, open: string[]): Step {
  const sign = text.charAt(at);
  switch (want) {
    case 'more':
      if (sign === ',') return { at: at + 1, want: open.at(-1) === '{' ? 'key' : 'value' };
      return sign === (open.at(-1) === '{' ? '}' : ']') ? close(at, open) : { fault: at };
    case 'key':
    case 'key_or_end': {
      if (want === 'key_or_end' && sign === '}') return close(at, open);
      const key = stringAt(text, at);
      if ('fault' in key) return key;
      const colon = skipBlank(text, key.end);
      return text.charAt(colon) === ':' ? { at: colon + 1, want: 'value' } : { fault: colon };
    }
    case 'value':
    case 'value_or_end':
      return want === 'value_or_end' && sign === ']' ? close(at, open) : takeValue(text, at, sign, open);
  }
}

function takeValue(text: string, at: number, sign: string, open: string[]): Step {
  if (sign === '{' || sign === '[') {
    open.push(sign);
    return { at: at + 1, want: sign === '{' ? 'key_or_end' : 'value_or_end' };
  }
  if (sign === '"') {
    const value = stringAt(text, at);
    return 'fault' in value ? value : { at: value.end, want: 'more' };
  }
  PLAIN.lastIndex = at;
  const plain = PLAIN.exec(text);
  return plain === null ? { fault: at } : { at: at + plain[0].length, want: 'more' };
}

function close(at: number, open: string[]): Step {
  open.pop();
  return { at: at + 1, want: 'more' };
}

function stringAt(text: string, at: number): { readonly end: number } | { readonly fault: number } {
  if (text.charAt(at) !== '"') return { fault: at };
  for (let next = at + 1; next < text.length; next += 1) {
    const code = text.charCodeAt(next);
    if (code === 0x22) return { end: next + 1 };
    if (code < 0x20) return { fault: next };
    if (code !== 0x5c) continue;
    const escaped = /^(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.exec(text.slice(next + 1, next + 6));
    if (escaped === null) return { fault: next };
    next += escaped[0].length;
  }
  return { fault: text.length };
}

function skipBlank(text: string, at: number): number {
  BLANK.lastIndex = at;
  return at + (BLANK.exec(text)?.[0].length ?? 0);
}

function faultAt(text: string, at: number): JsonFault {
  const before = text.slice(0, at);
  const found = at >= text.length ? 'its end' : JSON.stringify(text.slice(at, at + 20).split('\n', 1)[0]);
  return { line: before.split('\n').length, column: at - before.lastIndexOf('\n'), found };
}
