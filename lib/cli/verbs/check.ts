import { readDefined, requireCadence } from '../../app/defined.ts';
import { EXIT_CODES } from '../../core/error.ts';
import { formatProblem } from '../../core/problem-text.ts';
import type { CommandContext } from '../command.ts';

export async function run({ words, out, root }: CommandContext): Promise<number> {
  const at = await root();
  const [only] = words;
  const { definitions, problems } =
    only === undefined ? readDefined(at) : { definitions: [requireCadence(at, only).definition], problems: requireCadence(at, only).definition.problems };
  const isRight = problems.length === 0;
  out.result({ ok: isRight, checked: definitions.length, problems }, () =>
    isRight
      ? `${out.paint.green('✓')} ${definitions.length} ${definitions.length === 1 ? 'definition is' : 'definitions are'} right.`
      : problems.map((problem) => `${out.paint.red('✗')} ${formatProblem(problem)}`).join('\n'),
  );
  out.next(isRight ? 'cadence-bus start' : 'mend the lines above; a running owner keeps the last good version meanwhile');
  return isRight ? 0 : EXIT_CODES.config;
}
