import { CadenceError } from '../core/error.ts';

/** With the flag `u` the surrogates that this finds are those that stand alone. */
const UNFIT = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufffd-\uffff\ud800-\udfff]/u;

/**
 * A newline in a path would be a second line of a unit, a control character is no XML, and what is not UTF-8 would be
 * another path once written. None of them is escaped, all are refused: no service should depend on such a name.
 */
export function requirePlain(what: string, text: string): string {
  if (!UNFIT.test(text)) return text;
  const shown = JSON.stringify(text).slice(0, 120);
  throw new CadenceError(
    'bad_data',
    `${what} has a character that no service file can hold: ${shown}`,
    'Give it a name without line breaks and control characters.',
  );
}
