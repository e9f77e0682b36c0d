import * as z from 'zod';
import { answerSchema } from './answers/answers.ts';
import { runRecord } from './answers/run.ts';
import { busSettingsSchema } from './bus-settings.ts';
import { cadenceSchema } from './cadence.ts';
import { tickSchema } from './tick-schema.ts';

/** The things on disk that have a schema of their own, beside the answers of the commands. */
export const FILE_SCHEMAS = ['cadence', 'bus', 'tick', 'run'] as const;
export type FileSchemaName = (typeof FILE_SCHEMAS)[number];

const SOURCES: Readonly<Record<FileSchemaName, readonly [title: string, schema: z.ZodType]>> = {
  cadence: ['A cadence: cadences/<name>.yaml, or the front matter of cadences/<name>.md', cadenceSchema],
  bus: ['The settings of the bus: cadences/bus.yaml', busSettingsSchema],
  tick: ['A tick: state/cadence-bus/{inbox,waiting,claimed,dlq}/*.json', tickSchema],
  run: ['A run record: a line of state/cadence-bus/runs/*.jsonl, and of every --json answer about runs', runRecord],
};

export type JsonSchema = Readonly<Record<string, unknown>>;

export function isFileSchema(name: string): name is FileSchemaName {
  return FILE_SCHEMAS.some((known) => known === name);
}

/** From the very schemas that files are checked with, so that what an editor accepts the program accepts. */
export function fileSchema(name: FileSchemaName): JsonSchema {
  const [title, source] = SOURCES[name];
  return named(name, title, source, 'input');
}

export function commandSchema(command: string): JsonSchema {
  return named(`answer:${command}`, `What cadence-bus ${command} --json answers`, answerSchema(command), 'output');
}

function named(name: string, title: string, source: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema, ...schema } = z.toJSONSchema(source, { io, unrepresentable: 'any' });
  return { $schema, $id: `urn:cadence-bus:schema:${name}`, title, ...schema };
}
