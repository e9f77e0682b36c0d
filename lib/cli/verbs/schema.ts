import { commandSchema, FILE_SCHEMAS, fileSchema, isFileSchema, type JsonSchema } from '../../app/definitions/schemas.ts';
import { CadenceError } from '../../core/error.ts';
import { nearest } from '../../core/text/nearest.ts';
import type { CommandContext } from '../command.ts';
import { table } from '../output.ts';

/** `run` is a record on disk and a command; the command is meant by `answer:run`. */
const ANSWER = 'answer:';

export async function run({ words, out, groups }: CommandContext): Promise<number> {
  const [name] = words;
  const commands = groups.flatMap((group) => group.commands.map((spec) => spec.name));
  if (name === undefined) return listSchemas(out, commands);
  const schema = schemaOf(name, commands);
  out.result({ ok: true, name, schema }, () => JSON.stringify(schema, null, 2));
  return 0;
}

function listSchemas(out: CommandContext['out'], commands: readonly string[]): number {
  const names = [...FILE_SCHEMAS, ...commands.map((name) => (isFileSchema(name) ? `${ANSWER}${name}` : name))];
  out.result({ ok: true, names }, () =>
    table([
      ['  on disk', FILE_SCHEMAS.join(' ')],
      ['  answers', names.slice(FILE_SCHEMAS.length).join(' ')],
    ]),
  );
  out.next('cadence-bus schema cadence', 'cadence-bus schema runs');
  return 0;
}

function schemaOf(name: string, commands: readonly string[]): JsonSchema {
  if (isFileSchema(name)) return fileSchema(name);
  const command = name.startsWith(ANSWER) ? name.slice(ANSWER.length) : name;
  if (commands.includes(command)) return commandSchema(command);
  const close = nearest(name, [...FILE_SCHEMAS, ...commands]);
  throw new CadenceError('not_found', `there is no schema ${name.slice(0, 80)}`, close === undefined ? 'See cadence-bus schema.' : `Did you mean ${close}?`);
}
