import { createRedacting } from '../../app/redacting.ts';
import { CadenceError } from '../../core/error.ts';
import { VERSION } from '../../core/version.ts';
import type { CommandContext } from '../command.ts';

const PACKAGE = '@modelcontextprotocol/server';

/** stdout belongs to the protocol from here on. */
export async function run({ ask, loadMcp, root, env, out }: CommandContext): Promise<number> {
  const at = await root();
  const surface = await load(loadMcp);
  await surface.serve({
    version: VERSION,
    ask: ([verb = '', ...words]) => ask([verb, '--json', `--root=${at}`, ...words]),
    redact: createRedacting(env).ofOwner,
    complain: out.note,
  });
  return 0;
}

/** It is an optional package: whoever does not want it does not have it. `import` and `require` say so in words of their own. */
async function load(loadMcp: CommandContext['loadMcp']): Promise<NonNullable<Awaited<ReturnType<NonNullable<CommandContext['loadMcp']>>>>> {
  if (loadMcp === undefined) throw new CadenceError('usage', 'mcp is served by the program itself, not by this caller', 'Start it: cadence-bus mcp');
  try {
    return await loadMcp();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if ((code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') || !message.includes(PACKAGE)) throw error;
    throw new CadenceError(
      'not_found',
      `mcp needs the package ${PACKAGE}, which is not installed`,
      `npm install ${PACKAGE}@2.4.0, where cadence-bus is installed.`,
    );
  }
}
