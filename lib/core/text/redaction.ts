/**
 * Secrets have no place in records, journals, reports and notices: those are kept, searched, shown and sent. A secret is known
 * by its value, where the environment names it, or by its shape. What a child wrote into its own output files stays as it is.
 */
export interface Secret {
  readonly name: string;
  readonly value: string;
}

export type Redact = (text: string) => string;

/** A shorter value would be found in words that have nothing to do with it. */
const LEAST_VALUE = 8;
/** So much of a secret that the end of a line or of a window has cut is still one. */
const LEAST_PART = 6;
const MARK = '[redacted]';
const MARKS = /\[redacted(?: [\w.-]+)?\]/g;

const SECRET_ENDS = new Set([
  'KEY',
  'TOKEN',
  'SECRET',
  'PASS',
  'PASSWORD',
  'PASSWD',
  'PASSPHRASE',
  'CREDENTIAL',
  'CREDENTIALS',
  'COOKIE',
  'DSN',
  'AUTH',
  'PAT',
  'WEBHOOK',
]);
const SECRET_WITHIN = ['_SECRET_', '_TOKEN_', '_PASSWORD_'];

/** By no pattern: to make one of so many words takes longer than to look at all names of an environment. */
export function isSecretName(name: string): boolean {
  const upper = name.toUpperCase();
  if (SECRET_ENDS.has(upper.slice(upper.lastIndexOf('_') + 1)) || upper.endsWith('APIKEY')) return true;
  return `_${upper}`.endsWith('_WEBHOOK_URL') || SECRET_WITHIN.some((part) => upper.includes(part));
}

/** Where something lies is no secret, unless its name says that it is one. */
export function isSecretValue(name: string, value: string): boolean {
  return value.length >= LEAST_VALUE && (isSecretName(name) || !/^(?:\/|~\/|\.{1,2}\/)[\w./ -]*$/.test(value));
}

/** Redacting twice is redacting once. */
export function createRedaction(secrets: readonly Secret[]): Redact {
  const forms = formsOf(secrets);
  const once = (text: string): string => {
    const known = betweenMarks(text, (piece) => withoutValues(piece, forms));
    return betweenMarks(
      betweenMarks(known, (piece) => withoutParts(piece, forms)),
      withoutShapes,
    );
  };
  return (text) => {
    if (text.length < LEAST_PART || !mayHold(text, forms)) return text;
    // What was taken out may leave a new edge. Each turn takes something out, so there is a last one.
    for (let before = text; ; ) {
      const after = once(before);
      if (after === before) return after;
      before = after;
    }
  };
}

/** Every text in a value of any depth, but for what stands under these names: ids, kinds and paths. The value itself where none had a secret. */
export function redactWords<T>(value: T, redact: Redact, except: ReadonlySet<string>): T {
  if (typeof value === 'string') return redact(value) as T;
  if (typeof value !== 'object' || value === null) return value;
  let changed: Map<string, unknown> | undefined;
  for (const key in value) {
    if (except.has(key)) continue;
    const before = (value as Record<string, unknown>)[key];
    if (typeof before === 'number' || before === undefined) continue;
    const after = redactWords(before, redact, except);
    if (after !== before) changed = (changed ?? new Map()).set(key, after);
  }
  if (changed === undefined) return value;
  const clean = Object.entries(value).map(([key, one]) => [key, changed.has(key) ? changed.get(key) : one] as const);
  return (Array.isArray(value) ? clean.map(([, one]) => one) : Object.fromEntries(clean)) as T;
}

interface Form {
  readonly text: string;
  readonly mark: string;
  /** Its first and its last characters: so much must be left of it. */
  readonly head: string;
  readonly tail: string;
}

/** As it is, as JSON writes it, as a URL writes it; of several lines each, for words are told by the line. */
function formsOf(secrets: readonly Secret[]): readonly Form[] {
  const forms = new Map<string, string>();
  for (const { name, value } of secrets) {
    const lines = value.includes('\n') ? value.split(/\r?\n/).map((line) => line.trim()) : [];
    const written = [value, JSON.stringify(value).slice(1, -1), encoded(value), ...lines];
    for (const text of written) if (text.length >= LEAST_VALUE && !forms.has(text)) forms.set(text, `[redacted ${name.replaceAll(/[^\w.-]/g, '_')}]`);
  }
  return [...forms]
    .map(([text, mark]) => ({ text, mark, head: text.slice(0, LEAST_PART), tail: text.slice(-LEAST_PART) }))
    .sort((a, b) => b.text.length - a.text.length);
}

/** A lone half of a character has no such form. */
function encoded(value: string): string {
  return /[\ud800-\udfff]/.test(value) ? value : encodeURIComponent(value);
}

function betweenMarks(text: string, act: (piece: string) => string): string {
  const marks = [...text.matchAll(MARKS)];
  let at = 0;
  let done = '';
  for (const { 0: mark, index } of marks) {
    done += act(text.slice(at, index)) + mark;
    at = index + mark.length;
  }
  return done + act(text.slice(at));
}

/** Longest first: one secret may be the beginning of another. */
function withoutValues(piece: string, forms: readonly Form[]): string {
  return forms.reduce((words, { text, mark }) => (words.includes(text) ? words.replaceAll(text, () => mark) : words), piece);
}

/** Behind each of them, also where one stands at the very beginning. */
const CUT_BEFORE = /(?<=^|: | \| |\n)/g;
const CUT_AFTER = /…|$/g;
const EDGES = /(: | \| |\n|…)/;

/** The window of a tail may begin in the middle of a secret, and a line that is too long ends in the middle of one. */
function withoutParts(piece: string, forms: readonly Form[]): string {
  let text = piece;
  for (const one of forms) {
    const { text: form, mark } = one;
    text = text
      .split(EDGES)
      .map((part) => (part.length >= LEAST_PART && form.includes(part) ? mark : part))
      .join('');
    if (!holdsEnd(text, one)) continue;
    for (const { 0: edge, index } of [...text.matchAll(CUT_AFTER)].toReversed()) {
      const length = lengthOf(
        form,
        (part) => text.startsWith(part, index - part.length) && index >= part.length,
        (n) => form.slice(0, n),
      );
      if (length > 0) text = `${text.slice(0, index - length)}${mark}${edge}${text.slice(index + edge.length)}`;
    }
    for (const { index: from } of [...text.matchAll(CUT_BEFORE)].toReversed()) {
      const length = lengthOf(
        form,
        (part) => text.startsWith(part, from),
        (n) => form.slice(-n),
      );
      if (length > 0) text = `${text.slice(0, from)}${mark}${text.slice(from + length)}`;
    }
  }
  return text;
}

/** Cheap, and mostly the answer: neither its first nor its last characters are there. */
function holdsEnd(text: string, { head, tail }: Form): boolean {
  return text.includes(head) || text.includes(tail);
}

/** What every shape below has in it, and every mark. */
const HINT =
  /\[redacted|sk-|gh[opsru]_|github_pat_|glpat-|npm_|xox|xapp-|AKIA|ASIA|AIza|\d{8}:|eyJ|hooks\.slack|webhooks\/|:\/\/|bearer|authorization|key|token|passw|passphrase|secret|credential/i;

/** Most words have nothing in them that any of the searches could find. */
function mayHold(text: string, forms: readonly Form[]): boolean {
  if (HINT.test(text)) return true;
  if (forms.length === 0) return false;
  const parts = text.split(EDGES).filter((part) => part.length >= LEAST_PART);
  return forms.some((form) => holdsEnd(text, form) || parts.some((part) => form.text.includes(part)));
}

function lengthOf(form: string, isThere: (part: string) => boolean, part: (length: number) => string): number {
  for (let length = form.length - 1; length >= LEAST_PART; length -= 1) if (isThere(part(length))) return length;
  return 0;
}

const SECRET_WORD = '(?:api[_-]?key|access[_-]?key|private[_-]?key|secret[_-]?key|token|passw(?:or)?d|passphrase|secret|credential)s?';
/** What follows such a word and is none: a count of tokens, a type, or that there is none. */
const NO_SECRET = '(?!\\d{1,9}(?![\\w.-])|(?:null|undefined|none|true|false|string|expired|invalid|missing|required|is|was|not|has)\\b)';
const VALUE = `(?:\\\\"(?:[^"\\\\])*\\\\"|"(?:[^"\\\\]|\\\\.)*"|'(?:[^'\\\\]|\\\\.)*'|${NO_SECRET}[^\\s"',;&|<>()[\\]{}\\\\]{3,})`;

/** Made when they are searched for: most words have nothing in them that could be one. */
const makeShapes = (): readonly (readonly [RegExp, string])[] => [
  [/\bsk-ant-[\w-]{6,}/g, MARK],
  [/\bsk-[\w-]{20,}/g, MARK],
  [/\bgh[opsru]_\w{16,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}|\bnpm_[A-Za-z0-9]{30,}/g, MARK],
  [/\bxox[a-z]-[\w-]{8,}|\bxapp-[\w-]{8,}/g, MARK],
  [/\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[\w-]{35}/g, MARK],
  [/(?<!\d)\d{8,10}:[\w-]{35,}/g, MARK],
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, MARK],
  [/(hooks\.slack\.com\/(?:services|workflows)\/|\/api\/webhooks\/\d+\/)[\w/-]{8,}/g, `$1${MARK}`],
  [/\b([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/"'<>:@]*:[^\s/"'<>]+@/gi, `$1${MARK}@`],
  [/\b(bearer\s+)(?=\S*[\d._~+/-]|\S{20})[\w.~+/=-]{8,}/gi, `$1${MARK}`],
  [/\b(authorization["']?\s*[:=]\s*["']?(?:basic|digest|token)\s+)[^\s"',;]{6,}/gi, `$1${MARK}`],
  [new RegExp(`((?<![\\w-])--?[\\w-]{0,40}?${SECRET_WORD}\\s+)(?!-)${VALUE}`, 'gi'), `$1${MARK}`],
  [new RegExp(`(${SECRET_WORD}\\\\?["']?\\s{0,4}[:=]\\s{0,4})${VALUE}`, 'gi'), `$1${MARK}`],
];

let shapes: ReturnType<typeof makeShapes> | undefined;

const KEY_BEGINS = /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----/;
const KEY_ENDS = /-----END [A-Z ]{0,40}PRIVATE KEY-----/;

function withoutShapes(piece: string): string {
  shapes ??= makeShapes();
  return shapes.reduce((words, [shape, by]) => words.replace(shape, by), withoutKeys(piece));
}

/** A window may have cut a block: one without its end goes on to the end of the words, one without its beginning began before them. */
function withoutKeys(text: string): string {
  let [done, rest] = ['', text];
  for (;;) {
    const [begins, ends] = [KEY_BEGINS.exec(rest), KEY_ENDS.exec(rest)];
    if (begins === null && ends === null) return done + rest;
    const from = begins === null || (ends !== null && ends.index < begins.index) ? 0 : begins.index;
    const end = ends === null || ends.index >= from ? ends : KEY_ENDS.exec(rest.slice(from));
    done += `${rest.slice(0, from)}${MARK}`;
    rest = end === null ? '' : rest.slice(end.index + end[0].length);
  }
}
