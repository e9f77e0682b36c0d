import { draftCadence } from '../config/cadence-draft.ts';
import type { Cadence, JsonSchema } from '../core/cadence.ts';
import { CadenceError } from '../core/error.ts';
import { pathsOf } from '../core/paths.ts';
import { createFiles } from '../platform/files.ts';
import { readMachine } from '../platform/machine.ts';
import { misfits } from '../wire/user-schema.ts';

/**
 * A payload against the schema of its cadence: when it is handed in, for whoever did it is still there to hear of it, and
 * again by the owner before anything runs, for a tick may come from anywhere. A tick without a payload is checked as `{}`.
 */
export function payloadMisfit({ schema }: Pick<Cadence, 'schema'>, payload: unknown): string | undefined {
  if (schema === undefined) return undefined;
  const wrong = misfits(schema, payload ?? {}, 'payload');
  return wrong.length === 0 ? undefined : wrong.join('; ');
}

/** Throws `bad_data`. A definition that is broken now says nothing: the owner has its last good version. */
export function requireFit(root: string, cadence: string, payload: unknown): void {
  const schema = schemaNow(root, cadence);
  if (schema === undefined) return;
  const wrong = payloadMisfit({ schema }, payload);
  if (wrong !== undefined)
    throw new CadenceError('bad_data', `the payload does not fit the schema of ${cadence}: ${wrong}`, `See cadence-bus show ${cadence} --json.`);
}

function schemaNow(root: string, cadence: string): JsonSchema | undefined {
  const files = createFiles();
  const { cadences } = pathsOf(root);
  for (const suffix of ['yaml', 'yml', 'md']) {
    const path = `${cadences}/${cadence}.${suffix}`;
    const found = files.read(path);
    if (found?.kind === 'text') return draftCadence(cadence, path, found.text, { files, root, home: readMachine().home }).cadence?.schema;
  }
  return undefined;
}
