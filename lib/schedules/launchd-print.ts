import type { Entry, Seen } from './keeper.ts';
import { unknown } from './keeper.ts';

/**
 * What `launchctl print <domain>/<label>` says of a job. It is no interface, says launchctl itself, so only lines that are
 * understood count, and what has no state is unknown. Nested blocks repeat the keys of the first level.
 */
export function readPrint(text: string, role: Entry['role']): Seen {
  const fields = firstLevel(text);
  const state = fields.get('state');
  if (state === undefined) return unknown('launchctl print says nothing of its state');
  const pid = wholeNumber(fields.get('pid'));
  const runs = wholeNumber(fields.get('runs'));
  const exit = exitOf(fields);
  const seen = { pid, runs, lastExitCode: exit.code };
  if (state === 'running') return { state: 'running', because: '', ...seen };
  if (!/^(not running|waiting|spawn scheduled|exited|spawning|spawn failed)$/.test(state))
    return { ...unknown(`launchctl print says: state = ${state.slice(0, 60)}`), ...seen };
  if (exit.code === CANNOT_SPAWN) return { state: 'disabled', because: NO_SPAWN, ...seen };
  if (state === 'spawn failed') return { state: 'failed', because: 'launchd could not start it', ...seen };
  const isFault = exit.signal !== undefined || (exit.code !== null && exit.code !== 0 && !((role === 'heartbeat' || role === 'inside') && exit.code === 1));
  if (isFault) return { state: 'failed', because: `it ended with ${exit.signal ?? `exit code ${exit.code}`}`, ...seen };
  return { state: 'idle', because: role === 'owner' ? 'it does not run' : '', ...seen };
}

/** EX_CONFIG: launchd says so where it could not even start the program, and then tries no more. */
const CANNOT_SPAWN = 78;
const NO_SPAWN = 'launchd could not start it (78, EX_CONFIG): the program was moved, or its log cannot be opened';

function firstLevel(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, key, value] = /^\t([a-z][a-z ]*) = (.*)$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined && !fields.has(key)) fields.set(key, value.trim());
  }
  return fields;
}

function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : null;
}

function exitOf(fields: ReadonlyMap<string, string>): { readonly code: number | null; readonly signal: string | undefined } {
  const [, code] = /^(\d{1,3})(?::|$)/.exec(fields.get('last exit code') ?? '') ?? [];
  const signal = fields.get('last terminating signal');
  return { code: code === undefined ? null : Number(code), signal: code === undefined ? signal?.slice(0, 60) : undefined };
}

/** Labels that `launchctl print-disabled <domain>` names; older systems say `true`, newer ones `disabled`. */
export function readDisabled(text: string): ReadonlySet<string> {
  const labels = text.split('\n').flatMap((line) => /^\s*"([^"]+)" => (?:true|disabled)\s*$/.exec(line)?.[1] ?? []);
  return new Set(labels);
}
