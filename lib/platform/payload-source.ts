import { readFileSync } from 'node:fs';
import { CadenceError } from '../core/error.ts';
import { describeJsonFault, findJsonFault } from '../core/text/json-place.ts';
import { MAX_TICK_BYTES } from '../core/tick.ts';
import { errnoOf, faultOf } from './fault.ts';

/** What `--payload` says: JSON, `@file`, or `-` for stdin. Throws for what cannot be read or is no JSON. */
export function readPayload(given: string): unknown {
  const text = readText(given);
  if (Buffer.byteLength(text) > MAX_TICK_BYTES)
    throw new CadenceError('bad_data', `the payload has more than ${MAX_TICK_BYTES} bytes`, 'Put it into a file and hand over its path.');
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new CadenceError('bad_data', notJson(given, text), `A text must be quoted twice: --payload '"text"'.`);
  }
}

function notJson(given: string, text: string): string {
  const fault = findJsonFault(text);
  const isFile = given.startsWith('@') && fault !== undefined;
  return isFile ? `${given.slice(1)}:${fault.line}:${fault.column} is no JSON: found ${fault.found}` : `the payload is no JSON: ${describeJsonFault(text)}`;
}

/** A text as it is given, `@file`, or `-` for stdin. */
export function readText(given: string): string {
  if (given === '-') return readAll(0, 'stdin');
  return given.startsWith('@') ? readAll(given.slice(1), given.slice(1)) : given;
}

function readAll(source: string | number, name: string): string {
  try {
    return readFileSync(source, 'utf8');
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new CadenceError('not_found', `there is no file ${name}`, 'It is looked for from the folder you are in.');
    throw faultOf(error, 'read', name);
  }
}
