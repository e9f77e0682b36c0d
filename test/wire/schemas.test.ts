import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as z from 'zod';
import { busSettingsSchema } from '../../lib/wire/bus-settings.ts';
import { CADENCE_NOT_YET, cadenceSchema } from '../../lib/wire/cadence.ts';

type Json = { readonly [key: string]: unknown };

/** Every property of a JSON Schema, by its path, with what describes it. */
function propertiesOf(schema: unknown, path = ''): readonly (readonly [string, unknown])[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties, ...rest } = schema as Json;
  const own = Object.entries((properties ?? {}) as Json).flatMap(([key, value]) => [
    [`${path}.${key}`, (value as Json).description] as const,
    ...propertiesOf(value, `${path}.${key}`),
  ]);
  return [...own, ...Object.values(rest).flatMap((inner) => propertiesOf(inner, path))];
}

for (const [name, schema, least] of [
  ['a cadence file', cadenceSchema, 45],
  ['bus.yaml', busSettingsSchema, 7],
] as const) {
  describe(`the schema of ${name}`, () => {
    const json = z.toJSONSchema(schema, { io: 'input' });

    it('becomes a JSON Schema that refuses unknown keys', () => {
      assert.equal(json.additionalProperties, false);
    });

    it('describes every key', () => {
      const properties = propertiesOf(json);
      assert.ok(properties.length >= least, `only ${properties.length} keys`);
      assert.deepEqual(
        properties.filter(([, description]) => typeof description !== 'string' || description.length < 10),
        [],
      );
    });
  });
}

it('no key is both known and not in this version yet', () => {
  assert.deepEqual(
    Object.keys(CADENCE_NOT_YET).filter((key) => Object.hasOwn(cadenceSchema.shape, key)),
    [],
  );
});
