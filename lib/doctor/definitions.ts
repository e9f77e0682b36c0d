import { formatProblem } from '../core/problem-text.ts';
import type { Problem } from '../ports.ts';
import { type Check, fail, ok } from './check.ts';
import { counted } from './wording.ts';

export interface DefinitionsDeps {
  readonly defined: () => { readonly definitions: readonly unknown[]; readonly problems: readonly Problem[] };
}

const TOLD = 5;

export function createDefinitionsCheck({ defined }: DefinitionsDeps): Check {
  return {
    id: 'definitions',
    title: 'Definitions',
    async inspect() {
      const { definitions, problems } = defined();
      if (problems.length === 0)
        return ok(definitions.length === 0 ? 'no cadence is defined yet' : `${counted(definitions.length, 'cadence')}, all of them right`);
      const rest = problems.length > TOLD ? [`and ${problems.length - TOLD} more`] : [];
      return fail([...problems.slice(0, TOLD).map(formatProblem), ...rest].join('\n'), 'cadence-bus check');
    },
  };
}
