import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
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

it('an editor that knows the JSON Schema takes and refuses the same durations and sizes as the reader of the file', () => {
  const validate = new Ajv2020({ strict: false }).compile(z.toJSONSchema(cadenceSchema, { io: 'input', unrepresentable: 'any' }));
  const texts = [
    '5m',
    '1h30m',
    ' 1h 30m',
    '1.5 h',
    '500ms',
    '0',
    '0s',
    '0.5s',
    '5 minutes',
    '5',
    '-5m',
    'm',
    '',
    '5M',
    '1h30',
    '256MB',
    '1.5 GB',
    '64kib',
    '10b',
    '0MB',
    '5 m',
  ];
  for (const given of [...texts, 0, 5, 300]) {
    for (const key of ['timeout', 'expires', 'log_cap']) {
      const definition = { run: { command: ['true'] }, [key]: given };
      assert.equal(validate(definition), cadenceSchema.safeParse(definition).success, `${key}: ${JSON.stringify(given)}`);
    }
  }
});
