import * as z from 'zod';
import type { SourceProblem } from './problem.ts';
import { commandLook } from './run-kind.ts';
import { schemaProblem } from './user-schema.ts';
import { choice, duration, flag, keys, list } from './value.ts';
import type { YamlSource } from './yaml-source.ts';

const KINDS = 'one of command, newer, schema';
const PATTERN = 'a path, where * stands for any name, ? for any letter and ** for any folders';
const pattern = z.string({ error: PATTERN }).refine((given) => given.trim() !== '' && !given.includes('\0'), { error: PATTERN });
const { command, shell, cwd, env } = commandLook.shape;

/** A JSON Schema, as a map; whether it is one is asked by `schemaIssues`, for that costs the library that knows. */
export const jsonSchema = z.record(z.string(), z.unknown(), { error: 'a JSON Schema, written as a map' });

/** What must speak for a run that ended well. */
export const verifySchema = keys(
  {
    command: command.optional().describe('A program that looks: exit code 0 means proven, 1 not proven, anything else that it could not be checked.'),
    shell: shell.describe('true: the command is one text for /bin/sh.'),
    cwd: cwd.describe('The folder to look from. Default: the agent root.'),
    env: env.describe('What it sees of the environment.'),
    timeout: duration.optional().describe('The longest that the command may take. Default: 1m.'),
    newer: z
      .union([pattern, list(pattern, `${PATTERN}; or a list of them`, 1)], { error: `${PATTERN}; or a list of them` })
      .optional()
      .describe('A file that matches must have been changed since the run began.'),
    schema: jsonSchema.optional().describe('A JSON Schema that the result must fit: of a command with output json or jsonl, or of a claude session.'),
    required: flag.optional().describe('false: a run without its evidence is unverified instead of failed. Default: true.'),
    counts: choice(['proven', 'ended'])
      .optional()
      .describe('What closes a breaker and voids a count of failures: a proven run, or one that ended well and is unverified too. Default: proven.'),
  },
  `a map with ${KINDS}, such as {command: [test, -s, out.md]}`,
);

export type VerifyFile = z.infer<typeof verifySchema>;

/** What keys alone cannot say: one kind of evidence, and nothing that belongs to another kind. */
export function verifyProblems(given: VerifyFile, source: YamlSource): readonly SourceProblem[] {
  const kinds = (['command', 'newer', 'schema'] as const).filter((kind) => given[kind] !== undefined);
  const at = ['verify'];
  const [kind] = kinds;
  if (kind === undefined) return [source.problem(at, `names no evidence, expected ${KINDS}`, 'For example verify: {command: [test, -s, out.md]}.', 'key')];
  if (kinds.length > 1) return [source.problem(at, `names ${kinds.join(' and ')}, expected one of them`, 'A command can look at several things.', 'key')];
  const foreign = kind === 'command' ? [] : (['shell', 'cwd', 'env', 'timeout'] as const).filter((key) => given[key] !== undefined);
  return [
    ...foreign.map((key) => source.problem([...at, key], `belongs to a command, and there is none`, 'Remove it.', 'key')),
    ...(given.schema === undefined ? [] : schemaProblems(given.schema, [...at, 'schema'], source)),
  ];
}

/** What is wrong with a JSON Schema of the user's, at its place in the file. */
export function schemaProblems(schema: unknown, at: readonly string[], source: YamlSource): readonly SourceProblem[] {
  const found = schemaProblem(schema);
  return found === undefined ? [] : [source.problem([...at, ...found.path], `no valid JSON Schema: ${found.message}`, 'It is read as draft 2020-12.')];
}
