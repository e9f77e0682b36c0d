import { createRequire } from 'node:module';
import type { Ajv2020, ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import type { JsonSchema } from '../core/cadence.ts';
import { nearest } from '../core/text/nearest.ts';
import { parseIso } from '../core/time/instant.ts';
import { describeFound, formatKey, type KeyPath } from './problem.ts';

/**
 * JSON Schema, draft 2020-12, as users write it: for a payload, and for a result. zod can turn one into a schema of its
 * own, but lets `{properties: …}` without `type: object` pass everything and knows neither `not` nor `if`; ajv is what
 * the field uses. It takes 60 ms to load, so it is loaded with the first schema that there is.
 */
const loadOnce = createRequire(import.meta.url);
let library: Ajv2020 | undefined;
const compiled = new WeakMap<object, ValidateFunction>();

/** What is wrong with a schema itself, and where in it; undefined: it is right. */
export function schemaProblem(schema: unknown): { readonly path: KeyPath; readonly message: string } | undefined {
  if (typeof schema !== 'boolean' && !isMap(schema)) return { path: [], message: `found ${describeFound(schema)}, expected a map` };
  const ajv = loadLibrary();
  const { body } = plain(schema);
  if (!ajv.validateSchema(body as object)) {
    const [error] = (ajv.errors ?? []).toSorted((a, b) => b.instancePath.length - a.instancePath.length);
    const path = error === undefined ? [] : pointerOf(error.instancePath, body);
    return { path, message: error === undefined ? 'it is no JSON Schema' : `found ${describeFound(valueAt(body, path))}, which ${inWords(error)}` };
  }
  try {
    compile(schema);
    return undefined;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const format = /unknown format "(.*?)"/.exec(error.message)?.[1];
    if (format !== undefined)
      return { path: pathOfKey(body, 'format') ?? [], message: `the format ${format} is not known; known: ${Object.keys(FORMATS).join(', ')}` };
    const keyword = /unknown keyword: "(.*)"/.exec(error.message)?.[1];
    return { path: (keyword === undefined ? undefined : pathOfKey(body, keyword)) ?? [], message: error.message.replace(/^strict mode: /, '') };
  }
}

/** What keeps a value from fitting, in words, each with its place: `payload.items[0].name`. Nothing: it fits. */
export function misfits(schema: JsonSchema, value: unknown, name: string): readonly string[] {
  const validate = compile(schema);
  try {
    if (validate(value)) return [];
  } catch (error) {
    // A schema that refers to itself follows its value down; the stack ends before a hostile value does.
    if (error instanceof RangeError) return [`${name} is nested too deeply`];
    throw error;
  }
  const told = (validate.errors ?? []).filter(({ keyword }) => !SUMS.has(keyword) || validate.errors?.length === 1).map((error) => misfit(error, value, name));
  const distinct = [...new Set(told.length > 0 ? told : [`${name} does not fit`])];
  return distinct.length <= MOST ? distinct : [...distinct.slice(0, MOST), `and ${distinct.length - MOST} more`];
}

const MOST = 5;
/** These only say that something below or beside them was wrong. */
const SUMS = new Set(['if', 'allOf', 'propertyNames']);

function compile(schema: JsonSchema): ValidateFunction {
  const { key, body } = plain(schema);
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const validate = loadLibrary().compile(body as object);
  compiled.set(key, validate);
  return validate;
}

/** Its own name and dialect mean nothing here: two cadences may hold copies of one schema. */
function plain(schema: JsonSchema): { readonly key: object; readonly body: unknown } {
  if (typeof schema === 'boolean') return { key: schema ? ANYTHING : NOTHING, body: schema };
  const { $id: _id, $schema: _dialect, ...body } = schema;
  return { key: schema, body };
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const ANYTHING = {};
const NOTHING = {};

function loadLibrary(): Ajv2020 {
  if (library !== undefined) return library;
  const loaded = loadOnce('ajv/dist/2020.js') as { readonly Ajv2020: new (options: object) => Ajv2020 };
  const rules = { strict: true, strictTypes: false, strictTuples: false, strictRequired: false };
  library = new loaded.Ajv2020({ ...rules, allErrors: true, verbose: true, logger: false, addUsedSchema: false });
  for (const [name, validate] of Object.entries(FORMATS)) library.addFormat(name, { type: 'string', validate });
  return library;
}

const isInstant = (text: string): boolean => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i.test(text) && parseIso(text) !== undefined;
const isDay = (text: string): boolean => /^\d{4}-\d\d-\d\d$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.startsWith(text) === true;

/** What is not here is refused when the schema is read: a format that is not checked would be a promise not kept. */
const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  'date-time': isInstant,
  date: isDay,
  time: (text) => /^(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?$/i.test(text),
  email: (text) => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text),
  uri: (text) => /^[a-z][a-z0-9+.-]*:/i.test(text) && URL.canParse(text),
  uuid: (text) => /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text),
  hostname: (text) => text.length <= 253 && text.split('.').every((label) => /^(?!-)[a-z0-9-]{1,63}(?<!-)$/i.test(label)),
  ipv4: (text) => /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(text),
  ipv6: (text) => text.includes(':') && URL.canParse(`http://[${text}]/`),
};

function misfit(error: ErrorObject, value: unknown, name: string): string {
  const path = pointerOf(error.instancePath, value);
  const place = formatKey([name, ...path]);
  const { keyword, params } = error;
  const known = Object.keys(((error.parentSchema as { properties?: object } | undefined)?.properties ?? {}) as object);
  if (keyword === 'required') return `${formatKey([name, ...path, String(params.missingProperty)])} is missing${wanted(error, String(params.missingProperty))}`;
  if (keyword === 'additionalProperties' || keyword === 'unevaluatedProperties') {
    const extra = String(params.additionalProperty ?? params.unevaluatedProperty);
    const meant = nearest(extra, known);
    const allowed = known.length === 0 ? 'nothing' : known.join(', ');
    return `${formatKey([name, ...path, extra])} is not known${meant === undefined ? '' : ` (did you mean ${meant}?)`}; allowed: ${allowed}`;
  }
  return `${place}: found ${describeFound(error.data)}, which ${inWords(error)}`;
}

/** `, expected a string` where the schema says so. */
function wanted({ parentSchema }: ErrorObject, key: string): string {
  const type = (parentSchema as { properties?: Record<string, { type?: unknown }> } | undefined)?.properties?.[key]?.type;
  return typeof type === 'string' ? `, expected: ${type}` : '';
}

function inWords({ keyword, params, message }: ErrorObject): string {
  if (keyword === 'enum') return `must be one of ${(params.allowedValues as unknown[]).map((one) => JSON.stringify(one)).join(', ')}`.slice(0, 300);
  if (keyword === 'const') return `must be ${JSON.stringify(params.allowedValue)}`.slice(0, 300);
  if (keyword === 'type') return `must be ${[params.type].flat().join(' or ')}`;
  return message ?? 'does not fit';
}

/** `/items/0/name` as a path of keys; a number only where there is a list. */
function pointerOf(pointer: string, value: unknown): KeyPath {
  const path: (string | number)[] = [];
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    path.push(Array.isArray(valueAt(value, path)) ? Number(key) : key);
  }
  return path;
}

/** Where a key stands that no schema knows; the first of its name. */
function pathOfKey(value: unknown, key: string): KeyPath | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (isMap(value) && Object.hasOwn(value, key)) return [key];
  for (const [at, inner] of Object.entries(value)) {
    const found = pathOfKey(inner, key);
    if (found !== undefined) return [Array.isArray(value) ? Number(at) : at, ...found];
  }
  return undefined;
}

function valueAt(value: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>((at, key) => (typeof at === 'object' && at !== null ? (at as Record<string | number, unknown>)[key] : undefined), value);
}
